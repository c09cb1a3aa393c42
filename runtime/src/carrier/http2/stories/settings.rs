//! Limits, compression, sockets, layers: what a channel's settings do.

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures_util::stream;
use tonic::{Code, Status};
use tower_layer::layer_fn;
use tower_service::Service;

use super::peer::{channel, serve, speak, streaming, text, unary};
use crate::{
    Streaming,
    call::{Invoke, Kind},
    carrier::http2::{HttpService, Over},
    client::{Channel, ConnectError},
};

#[tokio::test]
async fn messages_over_a_limit_are_refused_both_ways_and_the_next_call_works() {
    let target = serve(async |mut asked| asked.answer(&"x".repeat(100))).await;
    let small = Channel::builder(&target).receive_limit(100).lazy().unwrap();
    let status = text(&small, unary("hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("receive_limit"), "{status}");

    let small = Channel::builder(&target).send_limit(10).lazy().unwrap();
    let status = text(&small, unary(&"x".repeat(20))).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(text(&small, unary("hi")).await.is_ok());
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn messages_are_compressed_where_it_is_set() {
    let target = serve(async |mut asked| {
        assert_eq!(asked.request.headers()["grpc-encoding"], "gzip");
        let data = asked.data().await.unwrap().unwrap();
        assert_eq!(data[0], 1);
        asked.answer(&data.len().to_string());
    })
    .await;
    let squeezing = Channel::builder(target).send_compressed(crate::call::Encoding::Gzip);
    let length = text(&squeezing.lazy().unwrap(), unary(&"x".repeat(9999))).await;
    assert!(length.unwrap().parse::<usize>().unwrap() < 200);
}

#[tokio::test]
async fn a_unix_socket_is_as_good_as_a_port() {
    let path = std::env::temp_dir().join(format!("couplet-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = Arc::new(async |mut asked: super::peer::Asked| asked.answer("ok"));
            tokio::spawn(speak(stream, h2::server::Builder::new(), 0, answer));
        }
    });
    for target in [
        format!("unix:{}", path.display()),
        format!("unix://{}", path.display()),
    ] {
        assert_eq!(text(&channel(&target), unary("hi")).await.unwrap(), "ok");
    }
    std::fs::remove_file(&path).unwrap();
}

/// Notes its name when a request passes.
#[derive(Clone)]
struct Noting {
    name: &'static str,
    seen: Arc<Mutex<Vec<String>>>,
    inner: HttpService,
}

impl Service<http::Request<tonic::body::Body>> for Noting {
    type Response = http::Response<tonic::body::Body>;
    type Error = <HttpService as Service<http::Request<tonic::body::Body>>>::Error;
    type Future = <HttpService as Service<http::Request<tonic::body::Body>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let seen = format!("{} {}", self.name, request.uri().path());
        self.seen.lock().unwrap().push(seen);
        self.inner.call(request)
    }
}

#[tokio::test]
async fn http_layers_see_every_request_in_the_order_they_were_put() {
    let target = serve(async |mut asked| asked.answer("ok")).await;
    let seen = Arc::default();
    let noting = |name| {
        let seen = Arc::clone(&seen);
        layer_fn(move |inner| Noting {
            name,
            seen: Arc::clone(&seen),
            inner,
        })
    };
    let layered = Channel::builder(target)
        .http_layer(noting("outer"))
        .http_layer(noting("inner"))
        .lazy()
        .unwrap();
    assert_eq!(text(&layered, unary("hi")).await.unwrap(), "ok");
    assert_eq!(
        *seen.lock().unwrap(),
        ["outer /test.Peer/Unary", "inner /test.Peer/Unary"]
    );
}

#[tokio::test]
async fn an_upload_that_fails_below_http_layers_is_told_to_its_caller_all_the_same() {
    let target = serve(
        async |mut asked| {
            while asked.data().await.is_some_and(|data| data.is_ok()) {}
        },
    )
    .await;
    let layered = Channel::builder(target).http_layer(layer_fn(|inner: HttpService| inner));
    let broken = Streaming::new(stream::iter([Err(Status::data_loss("disk on fire"))]));
    let upload = streaming(Kind::ClientStreaming, broken);
    let status = text(&layered.lazy().unwrap(), upload).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::DataLoss, "disk on fire")
    );
}

#[tokio::test]
async fn a_call_goes_over_any_http_service() {
    let service = tower::service_fn(async |request: http::Request<tonic::body::Body>| {
        assert_eq!(request.uri().path(), "/test.Peer/Unary");
        let body = super::super::encode::Outgoing::reply(
            unary("ok").body,
            super::super::framing::Framing {
                encoding: None,
                limit: 99,
            },
        );
        let mut response = http::Response::new(body);
        let grpc = http::HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", grpc);
        Ok::<_, std::convert::Infallible>(response)
    });
    let reply = Over::new(service).invoke(unary("hi")).await.unwrap();
    let (message, _) = reply.body.one().await.unwrap();
    assert_eq!(message.decode::<String>().unwrap(), "ok");
}

#[test]
fn settings_that_make_no_sense_are_told_before_anything_is_sent() {
    let agent = Channel::builder("http://127.0.0.1:1").user_agent("a\nb");
    assert!(matches!(agent.lazy(), Err(ConnectError::UserAgent(_))));
    let target = Channel::builder("127.0.0.1:1").lazy().unwrap_err();
    assert!(
        target.to_string().contains("http://127.0.0.1:1"),
        "{target}"
    );
}
