//! Three ways to put something of one's own between a client and its server.
#![expect(clippy::print_stdout, reason = "an example talks")]

mod quota;

use std::time::Duration;

use couplet::{
    Channel, Code, Request, Response, Status,
    call::Call,
    carrier::local::Local,
    layer::tower::{AsService, FromService},
};
use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};
use quota::Limited;
use tower::{ServiceBuilder, ServiceExt};

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
    let services = Local::new().with(MoviesServer::new(Slow));
    let movies = MoviesClient::new(Channel::local(services));
    let stack = movies.stack().clone();

    // 1. A policy layer of one's own around the client's stack.
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

    // 2. Any tower layer over calls: here one that writes metadata, and tower's own limit on concurrency.
    let traced = ServiceBuilder::new()
        .map_request(|mut call: Call| {
            call.metadata
                .insert("x-trace", "abc".parse().expect("three letters"));
            call
        })
        .service(AsService::new(stack.clone()));
    let traced = MoviesClient::over(FromService::new(traced));
    let answer = traced.get_movie(numbered(3)).await?.into_inner();
    println!(
        "a tower layer in the stack: the server saw x-trace {}",
        answer.title
    );
    assert_eq!(answer.title, "\"abc\"");

    // 3. The stack is a tower service itself.
    let service = AsService::new(stack);
    let call = Call::new(get_movie(), body(&numbered(4))?);
    let reply = service.oneshot(call).await?;
    let (message, _) = reply.body.one().await?;
    println!(
        "the stack as a tower service: {:?}",
        message.decode::<Movie>()?.id
    );
    Ok(())
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
