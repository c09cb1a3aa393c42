//! One gRPC request: from its head and body to a [`Call`], and from the call's outcome to a response.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use tonic::{Status, body::Body as AnyBody, metadata::MetadataMap};

use super::{Answer, Messages, awaited::Awaited};
use crate::{
    call::{
        self, Announced, Body, Call, Deadline, Encoding, Frames, Limit, Peer, Refused, Reply,
        Route, Service, Shared,
        headers::{self, ACCEPT_ENCODING, GRPC, Head},
        status,
    },
    carrier::http2::{
        decode::Incoming,
        fault::{BoxError, Side},
        framing::Framing,
    },
};

/// What is kept of a request while its call is served.
#[derive(Debug)]
pub(super) struct Pending {
    method: &'static call::Method,
    deadline: Deadline,
    /// The compressions that the client can read.
    readable: Option<HeaderValue>,
    messages: Messages,
}

/// Reads a request that arrived at `now`: who answers it, the call, and what is needed to answer.
///
/// # Errors
/// INTERNAL or UNIMPLEMENTED, if the head says what cannot be read; or as [`Route::choose`].
pub(super) fn route<B>(
    route: &Route,
    request: Request<B>,
    peer: Option<Arc<Peer>>,
    now: Instant,
    messages: Messages,
) -> Result<(&Shared, Call, Pending), Refused>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let head = Head::of_call(request.headers()).map_err(|status| Refused {
        service: route.method().service,
        status,
    })?;
    let (method, invoke) = route.choose(&head.announced, peer.as_deref())?;
    let arrived = Arrived {
        head,
        peer,
        now,
        messages,
    };
    let (call, pending) = arrived.call(method, request);
    Ok((invoke, call, pending))
}

/// Reads a request that arrived at `now`: the call, and what is needed to answer it.
///
/// # Errors
/// INTERNAL or UNIMPLEMENTED, if the head says what cannot be read.
pub(super) fn read<B>(
    method: &'static call::Method,
    request: Request<B>,
    peer: Option<Arc<Peer>>,
    now: Instant,
    messages: Messages,
) -> Result<(Call, Pending), Status>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let arrived = Arrived {
        head: Head::of_call(request.headers())?,
        peer,
        now,
        messages,
    };
    Ok(arrived.call(method, request))
}

/// What is known of a request before its method.
struct Arrived {
    head: Head,
    peer: Option<Arc<Peer>>,
    now: Instant,
    messages: Messages,
}

impl Arrived {
    fn call<B>(self, method: &'static call::Method, request: Request<B>) -> (Call, Pending)
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (head, messages) = (self.head, self.messages);
        let (parts, body) = request.into_parts();
        let body = Incoming::new(body, Side::Serving, head.encoding, messages.receive);
        let frames = if method.kind.takes_one() {
            Frames::new(Awaited::new(body, messages.patience))
        } else {
            Frames::new(body)
        };
        let mut call = Call::new(method, Body::Many(frames));
        if let Some(timeout) = head.timeout {
            call.deadline = Deadline::after(self.now, timeout, Limit::Call);
        }
        let pending = Pending {
            method,
            deadline: call.deadline,
            readable: parts.headers.get(ACCEPT_ENCODING).cloned(),
            messages,
        };
        call.started = Some(self.now);
        call.attempt.previous = head.previous_attempts;
        call.announced = head.announced;
        call.peer = self.peer;
        call.trace = head.trace.map(Arc::new);
        call.metadata = MetadataMap::from_headers(parts.headers).into();
        (call, pending)
    }
}

// === Pending ===

impl Pending {
    /// Writes the outcome of the call.
    pub(super) fn answer(self, outcome: Result<Reply, Status>) -> Response<Answer> {
        let mut reply = match outcome {
            Ok(reply) => reply,
            Err(status) => return refused(Some(self.method.service), &status),
        };
        let wanted = reply.encoding.or(self.messages.compression);
        let names = self.readable.as_ref();
        reply.encoding = wanted.filter(|one| names.is_some_and(|names| one.is_in(names)));
        let framing = Framing {
            encoding: reply.encoding,
            limit: self.messages.send,
        };
        let headers = reply.write_head();
        let mut response = Response::new(Answer::own(reply.body, framing, self.deadline));
        *response.headers_mut() = headers;
        response
    }
}

// === Refusals ===

/// What plain HTTP has to say about a request that is not gRPC's.
pub(super) fn not_grpc<B>(request: &Request<B>) -> Option<Response<Answer>> {
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

/// An answer of `service` that is nothing but a status. It says its release and what it can read, so that a client knows
/// whom it spoke to, and in which compression to try again.
pub(super) fn refused(service: Option<&'static Service>, status: &Status) -> Response<Answer> {
    let mut response = Response::new(Answer::empty());
    let mut headers = trailers_only(status);
    if let Some(readable) = Encoding::ACCEPTED {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(readable));
    }
    if let Some(service) = service.filter(|service| service.is_versioned()) {
        let announced = Announced::Own(&service.release().server);
        headers::announce(&announced, &mut headers);
    }
    *response.headers_mut() = headers;
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
