//! Plain HTTP/1.1 for probes and scrapers, which speak no gRPC: one request of a connection, and its answer.

use std::{convert::Infallible, io, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

/// Bytes of a request's head.
const HEAD: usize = 16 << 10;
const HEADERS: usize = 64;
/// How long the head may take.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// Answers one request over `socket`, and hangs up. What it brings beside its head is not read.
///
/// # Errors
/// If the client breaks HTTP, says too much, or is too slow.
pub(crate) async fn answer(
    socket: TcpStream,
    answer: impl Fn(Request<()>) -> Response<Full<Bytes>>,
) -> io::Result<()> {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer(request.map(drop));
        async move { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD)
        .max_headers(HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(socket), service)
        .await;
    served.map_err(io::Error::other)
}
