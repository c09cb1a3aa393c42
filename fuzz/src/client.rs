//! A client whose server is made of bytes.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use couplet::{
    Channel,
    call::{Body, Call, Invoke},
};
use http::{HeaderMap, Response, StatusCode};
use tower_layer::layer_fn;
use tower_service::Service;

use crate::{Heard, Pieces, contract::SERVICE};

/// Calls method `index` of a server that answers with this, and reads all of it.
pub fn ask(index: usize, http: StatusCode, head: &HeaderMap, body: Pieces) -> Heard {
    let mut response = Response::new(body);
    *response.status_mut() = http;
    *response.headers_mut() = head.clone();
    let peer = Peer(Arc::new(Mutex::new(Some(response))));
    crate::run(async move {
        let channel = Channel::builder("http://peer:1")
            .http_layer(layer_fn(move |_| peer.clone()))
            .lazy()
            .expect("a target and nothing else");
        let call = Call::new(&SERVICE.methods[index], Body::One(crate::nothing(), None));
        match channel.stack(&SERVICE).invoke(call).await {
            Ok(reply) => crate::hear(reply.body).await,
            Err(status) => Heard::failed(&status),
        }
    })
}

/// Answers once.
#[derive(Debug, Clone)]
struct Peer(Arc<Mutex<Option<Response<Pieces>>>>);

impl<Q> Service<Q> for Peer {
    type Response = Response<Pieces>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Q) -> Self::Future {
        let answer = self.0.lock().expect("nobody panics with it").take();
        ready(Ok(answer.expect("no policy lets this call be sent twice")))
    }
}
