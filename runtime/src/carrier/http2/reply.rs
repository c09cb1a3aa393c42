//! From an HTTP response to a reply, or to the status that it means.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Response, StatusCode, header, response::Parts};
use http_body::Body;
use tonic::{Status, metadata::MetadataMap};

use super::{
    decode::Incoming,
    fault::{BoxError, Side},
};
use crate::call::{
    self, Frame, Frames, Kind, Mark, Phase, Reply, Source, during,
    headers::{self, Head},
};

/// Reads what a server answered to a call of `kind`, with messages of at most `limit` bytes.
///
/// # Errors
/// The status of the call, or what an answer that is not gRPC's means.
pub(super) async fn read<B>(
    kind: Kind,
    response: Response<B>,
    limit: usize,
) -> Result<Reply, Status>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (mut parts, body) = response.into_parts();
    check(&mut parts)?;
    let head = Head::of_reply(&parts.headers)
        .map_err(|status| Status::internal(status.message().to_owned()))?;
    let body = if parts.headers.contains_key(headers::STATUS) {
        // What did not fail has no message: its head is its trailers, too.
        only_trailers(kind, &mut parts)?
    } else {
        let incoming = Incoming::new(body, Side::Calling, head.encoding, limit);
        if kind.gives_one() {
            // Its head has come, so whatever happens now is not another attempt's to mend.
            let begun = |status| Mark::Begun.on(status);
            let (message, trailers) = during(Phase::Body, incoming.one()).await.map_err(begun)?;
            call::Body::One(message, trailers)
        } else {
            call::Body::Many(Frames::new(incoming))
        }
    };
    let mut reply = Reply::new(body);
    reply.announced = head.announced;
    reply.encoding = head.encoding;
    reply.metadata = MetadataMap::from_headers(parts.headers).into();
    Ok(reply)
}

/// Lets only answers of gRPC pass that have not failed yet.
fn check(parts: &mut Parts) -> Result<(), Status> {
    if parts
        .headers
        .get(headers::STATUS)
        .is_some_and(|code| code.as_bytes() != b"0")
    {
        let map = std::mem::take(&mut parts.headers);
        return match call::status::read(map) {
            Some(Err(status)) => Err(status),
            _ => Err(Status::internal("the answer has a status that is none")),
        };
    }
    if parts.status != StatusCode::OK {
        return Err(Status::new(
            call::status::from_http(parts.status),
            format!("the server answered with HTTP status {}", parts.status),
        ));
    }
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    if headers::is_grpc(content_type) {
        return Ok(());
    }
    let said = content_type.map_or_else(|| "none".to_owned(), |value| format!("{value:?}"));
    Err(Status::unknown(format!(
        "the server answered with content-type {said} instead of application/grpc"
    )))
}

fn only_trailers(kind: Kind, parts: &mut Parts) -> Result<call::Body, Status> {
    if kind.gives_one() {
        return Err(Status::unimplemented("expected one message, got none"));
    }
    let map = std::mem::take(&mut parts.headers);
    let metadata = match call::status::read(map) {
        Some(outcome) => outcome?,
        None => MetadataMap::new(),
    };
    Ok(call::Body::Many(Frames::new(Ended(Some(metadata)))))
}

/// A stream that was over before its first message.
struct Ended(Option<MetadataMap>);

impl Source for Ended {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        Poll::Ready(self.0.take().map(|metadata| Ok(Frame::Trailers(metadata))))
    }
}
