//! A server whose client is made of bytes.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex},
};

use couplet::{
    Code, Status,
    call::{Body, Call, Invoke, Reply, Service, status},
    codegen::{Contract, serve::http},
};
use http::{HeaderMap, Request, StatusCode};
use http_body::Body as _;

use crate::{Heard, Pieces, contract::SERVICE};

/// What a server did with a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Answered {
    /// What its handler read; `None` if it was never called.
    pub heard: Option<Heard>,
    /// The status of HTTP.
    pub http: StatusCode,
    /// The status of gRPC; `None` if there was none.
    pub code: Option<Code>,
}

/// Sends a request to method `index` of a server and waits for all of the answer.
pub fn serve(index: usize, head: &HeaderMap, body: Pieces) -> Answered {
    let handler = Handler::default();
    let mut request = Request::post(SERVICE.methods[index].path);
    request
        .headers_mut()
        .expect("a method and a path")
        .extend(head.clone());
    let request = request.body(body).expect("a method and a path");
    let heard = Arc::clone(&handler.0);
    let (http, code) = crate::run(async move {
        let Ok(response) = http(handler, request).await;
        let (parts, body) = response.into_parts();
        let (mut body, mut end) = (pin!(body), parts.headers);
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            let frame = frame.expect("a body that the server made itself");
            if let Ok(trailers) = frame.into_trailers() {
                end = trailers;
            }
        }
        let code =
            status::read(end).map(|read| read.map_or_else(|status| status.code(), |_| Code::Ok));
        (parts.status, code)
    });
    let heard = heard.lock().expect("nobody panics with it").take();
    Answered { heard, http, code }
}

/// Reads everything and answers with nothing.
#[derive(Debug, Default)]
struct Handler(Arc<Mutex<Option<Heard>>>);

impl Invoke for Handler {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let heard = crate::hear(call.body).await;
        let failed = heard.failed.clone();
        *self.0.lock().expect("nobody panics with it") = Some(heard);
        match failed {
            Some((code, message)) => Err(Status::new(code, message)),
            None => Ok(Reply::new(Body::One(crate::nothing(), None))),
        }
    }
}

impl Contract for Handler {
    const SERVICE: &'static Service = &SERVICE;
}
