//! Other people's services in our server, our services in other people's routers, and HTTP layers between.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use http_body_util::{BodyExt, Full};
use tonic::{body::Body as AnyBody, server::NamedService};
use tower::{Service as HttpService, ServiceExt};

use super::*;
use crate::codegen::{HttpBody, serve};

/// A service as tonic's generator makes them: HTTP in, HTTP out.
#[derive(Clone)]
struct Theirs(Arc<Probe>);

impl NamedService for Theirs {
    const NAME: &'static str = "test.Theirs";
}

impl HttpService<Request<AnyBody>> for Theirs {
    type Response = Response<AnyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<AnyBody>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<AnyBody>) -> Self::Future {
        let probe = Arc::clone(&self.0);
        Box::pin(async move {
            let unfinished = Unfinished(Arc::clone(&probe));
            probe.begun.add_permits(1);
            match request.uri().path() {
                "/test.Theirs/Hang" => pending().await,
                "/test.Theirs/Panic" => panic!("as asked"),
                "/test.Theirs/Forever" => {
                    let never = stream::pending::<Result<_, Status>>();
                    let never = never.inspect(move |_| _ = &unfinished);
                    let body = AnyBody::new(http_body_util::StreamBody::new(
                        never.map(|data: Result<Bytes, _>| data.map(http_body::Frame::data)),
                    ));
                    return Ok(Response::new(body));
                }
                _ => {}
            }
            std::mem::forget(unfinished);
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let trailers = async { Some(Ok(status::ok(MetadataMap::new()))) };
            let body = Full::new(body).with_trailers(trailers);
            Ok(Response::new(AnyBody::new(
                body.map_err(|error| match error {}),
            )))
        })
    }
}

async fn both() -> (Running, Arc<Probe>) {
    let theirs = Theirs(Actor::new().0);
    let probe = Arc::clone(&theirs.0);
    (
        Running::start(|builder| builder.add_tonic(theirs)).await,
        probe,
    )
}

#[tokio::test]
async fn a_tonic_service_is_served_beside_a_contract() {
    let (server, _) = both().await;
    let client = server.client().await;
    assert_eq!(client.say("ours").await.unwrap(), "ours");
    let theirs = client.call("/test.Theirs/Echo", &[], "theirs").await;
    assert_eq!(theirs.unwrap(), "theirs");
    let unknown = client.call("/test.None/Say", &[], "hi").await.unwrap_err();
    assert!(unknown.message().ends_with("known: test.Echo, test.Theirs"));
}

#[tokio::test]
async fn a_panic_in_a_tonic_service_is_internal() {
    let (server, _) = both().await;
    let client = server.client().await;
    let panicked = client.call("/test.Theirs/Panic", &[], "hi").await;
    assert_eq!(code(panicked), Code::Internal);
}

#[tokio::test(start_paused = true)]
async fn a_tonic_service_gets_the_clients_deadline() {
    let (server, theirs) = both().await;
    let client = server.client().await;
    let begun = tokio::time::Instant::now();

    let late = [("grpc-timeout", "0m")];
    let late = client.call("/test.Theirs/Echo", &late, "hi").await;
    assert_eq!(code(late), Code::DeadlineExceeded);
    assert_eq!(theirs.begun.available_permits(), 0);

    for path in ["/test.Theirs/Hang", "/test.Theirs/Forever"] {
        let cut = client.call(path, &[("grpc-timeout", "300m")], "hi").await;
        assert_eq!(code(cut), Code::DeadlineExceeded);
        theirs.dropped(1).await;
    }
    assert!(
        begun.elapsed() < Duration::from_millis(700),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_service_cannot_be_added_twice() {
    let twice = Server::builder().add(Actor::new()).add(Actor::new());
    let refused = twice.bind("127.0.0.1:0").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the service `test.Echo` was added twice"
    );
}

#[tokio::test]
async fn http_layers_see_every_call_and_may_answer_themselves() {
    let layer = tower::util::MapRequestLayer::new(|mut request: Request<AnyBody>| {
        if request.headers().contains_key("misdirected") {
            *request.uri_mut() = http::Uri::from_static("/test.Nowhere/Say");
        }
        request
    });
    let limit = tower::load_shed::LoadShedLayer::new();
    let server = Running::start(|builder| builder.http_layer(layer).http_layer(limit)).await;
    let client = server.client().await;
    assert_eq!(client.say("hi").await.unwrap(), "hi");
    assert!(server.probe.peer.lock().unwrap().is_some());
    let misdirected = client.call(SAY, &[("misdirected", "1")], "hi").await;
    assert_eq!(code(misdirected), Code::Unimplemented);
}

/// What a generated server is besides a contract.
#[derive(Clone)]
struct Ours(Actor);

impl NamedService for Ours {
    const NAME: &'static str = "test.Echo";
}

impl<B: HttpBody> HttpService<Request<B>> for Ours {
    type Response = serve::HttpResponse;
    type Error = Infallible;
    type Future = serve::HttpFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        serve::http(self.0.clone(), request)
    }
}

async fn said<S, B>(router: S, path: &str) -> Result<String, Status>
where
    S: HttpService<Request<AnyBody>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let request = request(path, &[]).map(|()| AnyBody::new(Full::new(framed("hi"))));
    let (head, body) = router.oneshot(request).await.unwrap().into_parts();
    if let Some(outcome) = outcome(head.headers) {
        outcome?;
    }
    let body = body.collect().await.unwrap();
    outcome(body.trailers().unwrap().clone()).unwrap()?;
    Message::from_framed(body.to_bytes()).decode()
}

#[tokio::test]
async fn a_generated_server_mounts_in_a_tonic_router() {
    let routes = tonic::service::Routes::new(Ours(Actor::new()));
    assert_eq!(said(routes.clone(), SAY).await.unwrap(), "hi");
    let unknown = said(routes, "/test.Echo/Shout").await.unwrap_err();
    assert!(
        unknown.message().contains("known: Say, Repeat"),
        "{unknown}"
    );
}

#[tokio::test]
async fn a_generated_server_mounts_in_an_axum_router() {
    let router = axum::Router::new().route_service("/test.Echo/{*method}", Ours(Actor::new()));
    let router = router.map_request(|request: Request<AnyBody>| request.map(axum::body::Body::new));
    assert_eq!(said(router, SAY).await.unwrap(), "hi");
}
