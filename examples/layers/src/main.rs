//! Four ways to put something of one's own between a client and its server.
#![expect(clippy::print_stdout, reason = "an example talks")]

mod quota;

use std::time::Duration;

use couplet::{
    Channel, Code, Request, Response, Status,
    call::Call,
    carrier::local::Local,
    client::Stack,
    layer::tower::{AsService, FromService, FromTower},
    stack::ClientPlace,
};
use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};
use quota::Limited;
use tower::{ServiceBuilder, ServiceExt, util::MapRequestLayer};

/// A catalogue that takes its time.
struct Slow;

impl Movies for Slow {
    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let movie = Movie::default().with_id(request.get_ref().id);
        let traced = request
            .metadata()
            .get("x-trace")
            .map(|trace| format!("{trace:?}"));
        Ok(Response::new(movie.with_title(traced.unwrap_or_default())))
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    // A server in the same process: the stacks of both ends, and no socket.
    let movies = MoviesClient::new(Channel::local(services()));
    a_layer_around(movies.stack()).await?;
    a_tower_layer_around(movies.stack()).await?;
    the_stack_as_a_tower_service(movies.stack()).await?;
    a_layer_at_a_place().await
}

fn services() -> Local {
    Local::new().with(MoviesServer::new(Slow))
}

/// 1. A policy layer of one's own around the client's stack.
async fn a_layer_around(stack: &Stack) -> Result<(), Status> {
    let limited = MoviesClient::over(Limited::new(stack.clone(), 1));
    let (first, second) = tokio::join!(
        limited.get_movie(numbered(1)),
        limited.get_movie(numbered(2))
    );
    let refused = second.expect_err("there is room for one");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    println!(
        "a layer of one's own: {} came, the other: {}",
        first?.get_ref().id,
        refused.message()
    );
    Ok(())
}

/// 2. Any tower layer over calls: here one that writes metadata.
async fn a_tower_layer_around(stack: &Stack) -> Result<(), Status> {
    let traced = ServiceBuilder::new()
        .layer(writes_trace("abc"))
        .service(AsService::new(stack.clone()));
    let traced = MoviesClient::over(FromService::new(traced));
    let answer = traced.get_movie(numbered(3)).await?.into_inner();
    println!(
        "a tower layer around the stack: the server saw x-trace {}",
        answer.title
    );
    assert_eq!(answer.title, "\"abc\"");
    Ok(())
}

/// 3. The stack is a tower service itself.
async fn the_stack_as_a_tower_service(stack: &Stack) -> Result<(), Status> {
    let service = AsService::new(stack.clone());
    let call = Call::new(get_movie(), body(&numbered(4))?);
    let reply = service.oneshot(call).await?;
    let (message, _) = reply.body.one().await?;
    println!(
        "the stack as a tower service: {:?}",
        message.decode::<Movie>()?.id
    );
    Ok(())
}

/// 4. At a named place among the layers of a channel, here just above the carrier.
async fn a_layer_at_a_place() -> Result<(), Status> {
    let channel = Channel::local_builder(services())
        .layer(
            ClientPlace::Carrier,
            FromTower::new(writes_trace("attempt")),
        )
        .lazy()
        .expect("nothing is set that could be wrong");
    let movies = MoviesClient::new(channel);
    let answer = movies.get_movie(numbered(5)).await?.into_inner();
    println!(
        "at a place of the stack: the server saw x-trace {}",
        answer.title
    );
    assert_eq!(answer.title, "\"attempt\"");
    Ok(())
}

/// One of tower's layers, which lets every call say `trace`.
fn writes_trace(trace: &'static str) -> MapRequestLayer<impl Fn(Call) -> Call + Clone> {
    MapRequestLayer::new(move |mut call: Call| {
        let trace = trace.parse().expect("letters");
        call.metadata.insert("x-trace", trace);
        call
    })
}

fn numbered(id: u64) -> GetMovieRequest {
    GetMovieRequest::default().with_id(id)
}

fn body(request: &GetMovieRequest) -> Result<couplet::call::Body, Status> {
    let message = couplet::call::Message::encode(request)?;
    Ok(couplet::call::Body::One(message, None))
}

/// What generated code knows of the method.
fn get_movie() -> &'static couplet::call::Method {
    let service = <MoviesServer<Slow> as couplet::codegen::Contract>::SERVICE;
    service
        .methods
        .iter()
        .find(|method| method.name == "GetMovie")
        .expect("the contract has it")
}
