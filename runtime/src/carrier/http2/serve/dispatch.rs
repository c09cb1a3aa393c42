//! From an HTTP request to a [`Call`], and from its outcome to an HTTP response.

use std::{future::Future, sync::Arc, time::Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use tonic::{Status, body::Body as AnyBody, metadata::MetadataMap};

use super::{
    Answer, Foreign, Messages, Routes,
    awaited::Awaited,
    calls::cut_after,
    routes::{Found, find_in},
};
use crate::{
    call::{
        self, Announced, Body, Call, Deadline, Erased, Frames, Invoke, Limit, Peer, Reply, Service,
        headers::{self, ACCEPT_ENCODING, GRPC, Head},
        status,
    },
    carrier::http2::{
        decode::Incoming,
        encode::Framing,
        fault::{BoxError, Side},
    },
    clock,
};

/// Answers the requests of all connections of a server.
#[derive(Debug)]
pub(crate) struct Dispatch {
    entry: Entry,
}

/// Where a request enters: at the routes, or at the HTTP layers around them.
#[derive(Debug)]
enum Entry {
    Routes(Mounts),
    Layers(Foreign),
}

/// The routes, and what their messages may be.
#[derive(Debug)]
pub(crate) struct Mounts {
    pub(crate) routes: Routes,
    pub(crate) messages: Messages,
}

/// A request that is gRPC's, taken apart.
struct Arrived<B> {
    parts: Parts,
    body: B,
    peer: Option<Arc<Peer>>,
    now: Instant,
}

// === Dispatch ===

impl Dispatch {
    /// Answers at the routes.
    pub(crate) fn new(mounts: Mounts) -> Self {
        Self {
            entry: Entry::Routes(mounts),
        }
    }

    /// Answers at `layers`, which end at the routes.
    pub(crate) fn layered(layers: Foreign) -> Self {
        Self {
            entry: Entry::Layers(layers),
        }
    }

    /// Answers one request. Whatever it holds, there is an answer.
    pub(super) async fn answer(
        &self,
        mut request: Request<hyper::body::Incoming>,
        peer: Arc<Peer>,
    ) -> Response<Answer> {
        match &self.entry {
            Entry::Routes(mounts) => mounts.answer(request, Some(peer)).await,
            Entry::Layers(layers) => {
                request.extensions_mut().insert(peer);
                let request = request.map(AnyBody::new);
                let answered = layers.pass(request).await;
                answered
                    .unwrap_or_else(|never| match never {})
                    .map(|body| Answer::foreign(body, Deadline::NEVER))
            }
        }
    }
}

// === Mounts ===

impl Mounts {
    /// Answers one request of a peer.
    pub(crate) async fn answer<B>(
        &self,
        mut request: Request<B>,
        peer: Option<Arc<Peer>>,
    ) -> Response<Answer>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let now = clock::now();
        if let Some(refused) = not_grpc(&request) {
            return refused;
        }
        let response = match self.routes.find(request.uri().path()) {
            Found::Route(route) => {
                let arrived = Arrived::new(request, peer, now);
                let answer = |call| Erased::answer(&*route.invoke, call);
                arrived.call(route.method, answer, self.messages).await
            }
            Found::Foreign(foreign) => {
                if let Some(peer) = peer {
                    request.extensions_mut().insert(peer);
                }
                let request = request.map(AnyBody::new);
                foreign.answer(request, now).await
            }
            Found::Nothing(service, status) => refused(service, &status),
        };
        if let Some(at) = response.body().deadline().instant() {
            cut_after(at);
        }
        response
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
    let response = match not_grpc(&request) {
        Some(refused) => refused,
        None => match find_in(service, request.uri().path()) {
            Ok(method) => {
                let peer = request.extensions().get::<Arc<Peer>>().cloned();
                let arrived = Arrived::new(request, peer, now);
                let answer = |call| invoke.invoke(call);
                arrived.call(method, answer, Messages::default()).await
            }
            Err(status) => refused(Some(service), &status),
        },
    };
    response.map(AnyBody::new)
}

// === Arrived ===

impl<B> Arrived<B>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn new(request: Request<B>, peer: Option<Arc<Peer>>, now: Instant) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            parts,
            body,
            peer,
            now,
        }
    }

    /// The story of a served call: its head is read, the stack answers it, the answer is written.
    async fn call<F: Future<Output = Result<Reply, Status>>>(
        self,
        method: &'static call::Method,
        answer: impl FnOnce(Call) -> F,
        messages: Messages,
    ) -> Response<Answer> {
        let readable = self.parts.headers.get(ACCEPT_ENCODING).cloned();
        let call = match self.into_call(method, messages) {
            Ok(call) => call,
            Err(status) => return refused(Some(method.service), &status),
        };
        let deadline = call.deadline;
        match answer(call).await {
            Ok(mut reply) => {
                let wanted = reply.encoding.or(messages.compression);
                reply.encoding = readable.and_then(|names| wanted.filter(|one| one.is_in(&names)));
                written(reply, deadline, messages.send)
            }
            Err(status) => refused(Some(method.service), &status),
        }
    }

    fn into_call(self, method: &'static call::Method, messages: Messages) -> Result<Call, Status> {
        let head = Head::of_call(&self.parts.headers)?;
        let body = Incoming::new(self.body, Side::Serving, head.encoding, messages.receive);
        let frames = if method.kind.takes_one() {
            Frames::new(Awaited::new(body, messages.patience))
        } else {
            Frames::new(body)
        };
        let mut call = Call::new(method, Body::Many(frames));
        if let Some(timeout) = head.timeout {
            call.deadline = Deadline::after(self.now, timeout, Limit::Call);
        }
        call.started = Some(self.now);
        call.announced = head.announced;
        call.peer = self.peer;
        call.metadata = MetadataMap::from_headers(self.parts.headers);
        Ok(call)
    }
}

fn written(mut reply: Reply, deadline: Deadline, limit: usize) -> Response<Answer> {
    let framing = Framing {
        encoding: reply.encoding,
        limit,
    };
    let headers = reply.write_head();
    let mut response = Response::new(Answer::own(reply.body, framing, deadline));
    *response.headers_mut() = headers;
    response
}

// === Refusals ===

/// What plain HTTP has to say about a request that is not gRPC's.
fn not_grpc<B>(request: &Request<B>) -> Option<Response<Answer>> {
    let (status, name, value) = if request.method() != Method::POST {
        (
            StatusCode::METHOD_NOT_ALLOWED,
            header::ALLOW,
            HeaderValue::from_static("POST"),
        )
    } else if !headers::is_grpc(request.headers().get(header::CONTENT_TYPE)) {
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, header::ACCEPT, GRPC)
    } else {
        return None;
    };
    let mut response = Response::new(Answer::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(name, value);
    Some(response)
}

/// An answer of `service` that is nothing but a status. It says its release, so that a client knows whom it spoke to.
fn refused(service: Option<&'static Service>, status: &Status) -> Response<Answer> {
    let mut response = Response::new(Answer::empty());
    *response.headers_mut() = trailers_only(status);
    if let Some(service) = service.filter(|service| service.is_versioned()) {
        let announced = Announced::Own(&service.release().server);
        headers::announce(&announced, response.headers_mut());
    }
    response
}

/// An answer that is nothing but a status.
pub(super) fn refusal(status: &Status) -> Response<AnyBody> {
    let mut response = Response::new(AnyBody::empty());
    *response.headers_mut() = trailers_only(status);
    response
}

fn trailers_only(status: &Status) -> HeaderMap {
    let mut headers = status::write(status);
    headers.insert(header::CONTENT_TYPE, GRPC);
    headers
}
