//! What is sent: the messages of a call or of a reply as an HTTP body.
//!
//! A unary body is one piece of data without a box. A stream's small messages that are ready together share one DATA
//! frame, because peers take floods of tiny frames for an attack. A reply ends with its status in the trailers; the body
//! of a call whose stream fails fails with that status, since HTTP/2 can only tell the peer a number.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, SizeHint};
use tonic::{Status, metadata::MetadataMap};

use super::framing::Framing;
use crate::call::{self, Frame, Frames, status};

/// How many bytes of small messages share a DATA frame at most.
const BATCH: usize = 32 << 10;

/// How many bytes are taken for a batch at first.
const ROOM: usize = 8_192;

/// The body of a call or of a reply.
#[derive(Debug)]
pub(crate) struct Outgoing(Content);

#[derive(Debug)]
enum Content {
    One(Option<Bytes>, Option<Box<HeaderMap>>),
    Many(Many),
}

#[derive(Debug)]
struct Many {
    source: From,
    framing: Framing,
    /// A message that did not fit into the last DATA frame.
    held: Option<Bytes>,
    ends: Ends,
}

#[derive(Debug)]
enum From {
    Open(Frames),
    Ended(Result<MetadataMap, Status>),
    Told,
}

/// What comes after the last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Nothing, or an error of the body: a call's.
    Bare,
    /// Trailers with the status: a reply's.
    WithStatus,
}

/// Messages for one DATA frame; a single one is not copied.
#[derive(Debug, Default)]
struct Batch {
    first: Bytes,
    all: BytesMut,
}

// === Outgoing ===

impl Outgoing {
    /// Nothing: the status stands in the head.
    pub(crate) fn empty() -> Self {
        Self(Content::One(None, None))
    }

    /// The body of a reply, with its status in the trailers.
    pub(crate) fn reply(body: call::Body, framing: Framing) -> Self {
        let (message, trailers) = match body {
            call::Body::Many(frames) => return Self::many(frames, framing, Ends::WithStatus),
            call::Body::One(message, trailers) => (message, trailers),
        };
        let (data, map) = match framing.frame(message) {
            Ok(data) => (
                Some(data),
                status::ok(trailers.map(|map| *map).unwrap_or_default()),
            ),
            Err(status) => (None, status::write(&status)),
        };
        Self(Content::One(data, Some(Box::new(map))))
    }

    /// The body of a call with one message, framed already.
    pub(crate) fn whole(data: Bytes) -> Self {
        Self(Content::One(Some(data), None))
    }

    /// The body of a call with a stream of messages. It fails as the stream does.
    pub(crate) fn upload(frames: Frames, framing: Framing) -> Self {
        Self::many(frames, framing, Ends::Bare)
    }

    fn many(frames: Frames, framing: Framing, ends: Ends) -> Self {
        Self(Content::Many(Many {
            source: From::Open(frames),
            framing,
            held: None,
            ends,
        }))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        match &mut self.get_mut().0 {
            Content::Many(many) => many.poll(context),
            Content::One(data, trailers) => {
                let data = data.take().map(http_body::Frame::data);
                let frame =
                    data.or_else(|| trailers.take().map(|map| http_body::Frame::trailers(*map)));
                Poll::Ready(frame.map(Ok))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::One(data, trailers) => data.is_none() && trailers.is_none(),
            Content::Many(many) => many.is_over(),
        }
    }

    /// What is known to come. Never exact, or hyper would write a content-length that gRPC has no use for.
    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::default();
        if let Content::One(Some(data), _) = &self.0 {
            hint.set_lower(data.len() as u64);
        }
        hint
    }
}

// === Many ===

impl Many {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        if let Some(data) = ready!(self.poll_data(context)) {
            return Poll::Ready(Some(Ok(http_body::Frame::data(data))));
        }
        let From::Ended(end) = std::mem::replace(&mut self.source, From::Told) else {
            return Poll::Ready(None);
        };
        Poll::Ready(match (self.ends, end) {
            (Ends::Bare, Ok(_)) => None,
            (Ends::Bare, Err(status)) => Some(Err(status)),
            (Ends::WithStatus, Ok(metadata)) => {
                Some(Ok(http_body::Frame::trailers(status::ok(metadata))))
            }
            (Ends::WithStatus, Err(status)) => {
                Some(Ok(http_body::Frame::trailers(status::write(&status))))
            }
        })
    }

    /// All messages that are ready and fit into one DATA frame; `None` after the last.
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut batch = Batch::default();
        if let Some(held) = self.held.take() {
            batch.first = held;
        }
        while batch.len() < BATCH
            && let From::Open(frames) = &mut self.source
        {
            let Poll::Ready(frame) = frames.poll_frame(context) else {
                if batch.len() == 0 {
                    return Poll::Pending;
                }
                break;
            };
            let end = match frame {
                Some(Ok(Frame::Message(message))) => match self.framing.frame(message) {
                    Ok(bytes) => {
                        self.held = batch.add(bytes);
                        if self.held.is_some() {
                            break;
                        }
                        continue;
                    }
                    Err(status) => Err(status),
                },
                Some(Ok(Frame::Trailers(metadata))) => Ok(metadata),
                Some(Err(status)) => Err(status),
                None => Ok(MetadataMap::new()),
            };
            self.source = From::Ended(end);
        }
        Poll::Ready(batch.into_bytes())
    }

    /// A call's last data carries the end of its stream; a reply still has trailers then.
    fn is_over(&self) -> bool {
        self.held.is_none()
            && match &self.source {
                From::Open(_) | From::Ended(Err(_)) => false,
                From::Ended(Ok(_)) => self.ends == Ends::Bare,
                From::Told => true,
            }
    }
}

// === Batch ===

impl Batch {
    fn len(&self) -> usize {
        self.first.len().max(self.all.len())
    }

    /// Takes `bytes`, or gives them back if they are too much for this frame.
    fn add(&mut self, bytes: Bytes) -> Option<Bytes> {
        if self.len() == 0 {
            self.first = bytes;
            return None;
        }
        if self.len() + bytes.len() > BATCH {
            return Some(bytes);
        }
        if self.all.is_empty() {
            self.all.reserve(ROOM);
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&bytes);
        None
    }

    fn into_bytes(self) -> Option<Bytes> {
        let bytes = if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        };
        // A message has at least its prefix.
        (!bytes.is_empty()).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, Stream, stream};
    use http_body_util::BodyExt;
    use tonic::Code;

    use super::*;
    use crate::{Streaming, call::Message};

    const PLAIN: Framing = Framing {
        encoding: None,
        limit: usize::MAX,
    };

    fn stream(items: impl Stream<Item = Result<Vec<u8>, Status>> + Send + 'static) -> call::Body {
        call::Body::Many(Streaming::new(items).into_frames())
    }

    fn next(body: &mut Outgoing) -> Option<Result<http_body::Frame<Bytes>, Status>> {
        body.frame().now_or_never().expect("nothing to wait for")
    }

    fn data(body: &mut Outgoing) -> Bytes {
        next(body).unwrap().unwrap().into_data().unwrap()
    }

    fn trailers(body: &mut Outgoing) -> Result<MetadataMap, Status> {
        let map = next(body).unwrap().unwrap().into_trailers().unwrap();
        status::read(map).expect("a grpc-status")
    }

    fn message(size: usize) -> Message {
        Message::encode(&vec![7_u8; size]).unwrap()
    }

    #[test]
    fn a_unary_call_ends_with_its_data_and_its_reply_with_a_status() {
        let mut body = Outgoing::whole(PLAIN.frame(message(9)).unwrap());
        assert_eq!(data(&mut body), message(9).framed());
        assert!(body.is_end_stream());

        let mut body = Outgoing::reply(call::Body::One(message(9), None), PLAIN);
        assert_eq!(data(&mut body), message(9).framed());
        assert!(!body.is_end_stream());
        assert!(trailers(&mut body).is_ok());
        assert!(body.is_end_stream());
    }

    #[test]
    fn small_messages_share_a_frame_and_the_last_one_ends_the_stream() {
        let small = stream(stream::iter(vec![Ok(vec![1; 9]); 100]));
        let mut body = Outgoing::upload(small.into_frames(), PLAIN);
        assert_eq!(data(&mut body).len(), 100 * message(9).framed().len());
        assert!(body.is_end_stream());
        assert!(next(&mut body).is_none());
    }

    #[test]
    fn large_messages_travel_alone_and_in_order() {
        let sizes = [10, 20_000, 20_000, 10, 90_000];
        let all = stream(stream::iter(sizes.map(|size| Ok(vec![7; size]))));
        let mut body = Outgoing::reply(all, PLAIN);
        let mut sent = Vec::new();
        for _ in 0..3 {
            sent.extend_from_slice(&data(&mut body));
        }
        let expected: Vec<u8> = sizes
            .iter()
            .flat_map(|size| message(*size).framed().to_vec())
            .collect();
        assert!(sent == expected);
        assert!(trailers(&mut body).is_ok());
    }

    #[test]
    fn two_messages_that_fill_a_frame_to_the_byte_share_it() {
        let half = |size: &usize| message(*size).framed().len() == BATCH / 2;
        let exact = (0..BATCH).find(half).expect("one of them");
        let two = stream(stream::iter(vec![Ok(vec![7; exact]); 2]));
        let mut body = Outgoing::upload(two.into_frames(), PLAIN);
        assert_eq!(data(&mut body).len(), BATCH);
    }

    #[test]
    fn how_much_is_sure_to_come_is_told_but_never_all() {
        let bytes = PLAIN.frame(message(9)).unwrap();
        let hint = Outgoing::whole(bytes.clone()).size_hint();
        assert_eq!((hint.lower(), hint.upper()), (bytes.len() as u64, None));
    }

    #[test]
    fn a_message_does_not_wait_for_the_next() {
        let slow = stream::iter([Ok(vec![1])]);
        let slow = stream(futures_util::StreamExt::chain(slow, stream::pending()));
        let mut body = Outgoing::reply(slow, PLAIN);
        assert_eq!(data(&mut body).len(), message(1).framed().len());
        assert!(body.frame().now_or_never().is_none());
    }

    #[test]
    fn a_reply_that_fails_says_so_after_what_was_ready() {
        let items = [Ok(vec![1]), Err(Status::aborted("mine"))];
        let mut body = Outgoing::reply(stream(stream::iter(items)), PLAIN);
        assert!(!data(&mut body).is_empty());
        assert_eq!(trailers(&mut body).unwrap_err().message(), "mine");
        assert!(next(&mut body).is_none());
    }

    #[test]
    fn an_upload_that_fails_says_why_and_ends() {
        let items = stream(stream::iter([Err(Status::aborted("mine"))]));
        let mut body = Outgoing::upload(items.into_frames(), PLAIN);
        assert_eq!(next(&mut body).unwrap().unwrap_err().message(), "mine");
        assert!(next(&mut body).is_none());
    }

    #[test]
    fn what_is_over_the_limit_is_not_sent() {
        let framing = Framing { limit: 5, ..PLAIN };
        let mut body = Outgoing::reply(call::Body::One(message(9), None), framing);
        let refused = trailers(&mut body).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.message().contains("send_limit"));
    }
}
