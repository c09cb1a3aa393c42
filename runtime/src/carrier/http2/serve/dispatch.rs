//! Who answers a request: a method of a contract, a service of another kind, or nobody.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tonic::body::Body as AnyBody;

use super::{
    Answer, Foreign, Messages, Routes,
    answering::Answering,
    arrived::{self, not_grpc, refused},
    routes::{Found, find_in},
};
use crate::{
    call::{Deadline, Invoke, Peer, Refused, Service},
    carrier::http2::fault::BoxError,
    clock,
};

/// Answers the requests of all connections of a server.
#[derive(Debug)]
pub(crate) enum Dispatch {
    /// A request enters at the routes.
    Routes(Mounts),
    /// A request enters at the HTTP layers around them.
    Layers(Foreign),
}

/// The routes, and what their messages may be.
#[derive(Debug)]
pub(crate) struct Mounts {
    pub(crate) routes: Routes,
    pub(crate) messages: Messages,
}

// === Dispatch ===

impl Dispatch {
    /// Begins to answer one request. Whatever it holds, there is an answer.
    pub(super) fn answer(&self, mut request: Request<Incoming>, peer: Arc<Peer>) -> Answering {
        match self {
            Self::Routes(mounts) => mounts.answer(request, Some(peer)),
            Self::Layers(layers) => {
                request.extensions_mut().insert(peer);
                let passed = layers.pass(request.map(AnyBody::new));
                Answering::Passed(Box::pin(async move {
                    let answered = passed.await.unwrap_or_else(|never| match never {});
                    answered.map(|body| Answer::foreign(body, Deadline::NEVER))
                }))
            }
        }
    }
}

// === Mounts ===

impl Mounts {
    /// Begins to answer one request of a peer.
    pub(super) fn answer<B>(&self, mut request: Request<B>, peer: Option<Arc<Peer>>) -> Answering
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let now = clock::now();
        if let Some(refused) = not_grpc(&request) {
            return Answering::Ready(Some(refused));
        }
        match self.routes.find(request.uri().path(), request.headers()) {
            Found::Route(route) => {
                let messages = self.messages;
                match arrived::route(route, request, peer, now, messages) {
                    Ok((invoke, call, pending)) => {
                        Answering::Called(invoke.answer(call), Some(pending))
                    }
                    Err(Refused { service, status }) => {
                        Answering::Ready(Some(refused(Some(service), &status)))
                    }
                }
            }
            Found::Foreign(foreign) => {
                if let Some(peer) = peer {
                    request.extensions_mut().insert(peer);
                }
                let answer = foreign.answer(request.map(AnyBody::new), now);
                Answering::Passed(Box::pin(answer))
            }
            Found::Nothing(service, status) => Answering::Ready(Some(refused(service, &status))),
        }
    }
}

/// Answers one request to `service` with `invoke`, for services that are mounted in another server's router.
pub(crate) async fn mounted<I, B>(
    service: &'static Service,
    invoke: &I,
    request: Request<B>,
) -> Response<AnyBody>
where
    I: Invoke,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let now = clock::now();
    if let Some(refused) = not_grpc(&request) {
        return refused.map(AnyBody::new);
    }
    let method = match find_in(service, request.uri().path()) {
        Ok(method) => method,
        Err(status) => return refused(Some(service), &status).map(AnyBody::new),
    };
    let peer = request.extensions().get::<Arc<Peer>>().cloned();
    let answer = match arrived::read(method, request, peer, now, Messages::default()) {
        Ok((call, pending)) => pending.answer(invoke.invoke(call).await),
        Err(status) => refused(Some(service), &status),
    };
    answer.map(AnyBody::new)
}
