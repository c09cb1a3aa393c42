//! What arrives: the frames of a call or of a reply, read from any HTTP body.
//!
//! Here it is decided how a stream ended: with its status, in the middle of a message, or without a word. A stream that
//! was reset never looks like one that ended well.

use std::{
    any::Any,
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use pin_project_lite::pin_project;
use tonic::Status;

use super::{
    fault::{self, BoxError, Side},
    reassembly::Reassembly,
};
use crate::call::{self, Encoding, Frame, Message, Source, Trailers};

/// The largest message that is taken where nothing else is set: 4 MiB, as gRPC has it.
pub(crate) const RECEIVE_LIMIT: usize = 4 << 20;

pin_project! {
    /// Reads frames from an HTTP body.
    #[derive(Debug)]
    pub(crate) struct Incoming<B> {
        #[pin]
        body: B,
        reassembly: Reassembly,
        side: Side,
        over: bool,
    }
}

impl<B> Incoming<B>
where
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<BoxError>,
{
    /// Reads `body` on `side`, with messages of at most `limit` bytes, compressed as `encoding` says.
    pub(crate) fn new(body: B, side: Side, encoding: Option<Encoding>, limit: usize) -> Self {
        Self {
            body,
            reassembly: Reassembly::new(encoding, limit),
            side,
            over: false,
        }
    }

    /// Reads to the end, for its one message, without a box.
    ///
    /// # Errors
    /// UNIMPLEMENTED if there was none or more than one, as gRPC has it; otherwise what the stream ended with.
    pub(crate) async fn one(self) -> Result<(Message, Trailers), Status> {
        let mut frames = pin!(self);
        let (mut only, mut trailers) = (None, None);
        while let Some(frame) = poll_fn(|context| frames.as_mut().poll(context)).await {
            match frame? {
                Frame::Message(_) if only.is_some() => {
                    return Err(Status::unimplemented("expected one message, got more"));
                }
                Frame::Message(message) => only = Some(message),
                Frame::Trailers(metadata) if metadata.is_empty() => {}
                Frame::Trailers(metadata) => trailers = Some(Box::new(metadata)),
            }
        }
        match only {
            Some(message) => Ok((message, trailers)),
            None => Err(Status::unimplemented("expected one message, got none")),
        }
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let polled = ready!(self.as_mut().poll_open(context));
        if !matches!(polled, Some(Ok(Frame::Message(_)))) {
            *self.project().over = true;
        }
        Poll::Ready(polled)
    }

    fn poll_open(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let mut this = self.project();
        loop {
            if let Some(message) = this.reassembly.next().transpose() {
                return Poll::Ready(Some(message.map(Frame::Message)));
            }
            let frame = match ready!(this.body.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(fault::status(error.into(), *this.side))));
                }
                None if *this.side == Side::Serving && was_cut(&*this.body) => {
                    let cut = Status::cancelled("the client reset the stream");
                    return Poll::Ready(Some(Err(cut)));
                }
                None => return Poll::Ready(end(*this.side, this.reassembly, None)),
            };
            match frame.into_data() {
                Ok(chunk) => this.reassembly.push(chunk),
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        let end = end(*this.side, this.reassembly, Some(trailers));
                        return Poll::Ready(end);
                    }
                }
            }
        }
    }
}

/// Whether the client reset the stream without an error, which hyper takes for a clean end.
fn was_cut<B: 'static>(body: &B) -> bool {
    let body: &dyn Any = body;
    body.downcast_ref::<hyper::body::Incoming>()
        .is_some_and(|body| !body.is_end_stream())
}

/// How a stream ended that was not reset.
fn end(
    side: Side,
    reassembly: &Reassembly,
    trailers: Option<HeaderMap>,
) -> Option<Result<Frame, Status>> {
    let has_trailers = trailers.is_some();
    let metadata = match (side, trailers.and_then(call::status::read)) {
        (Side::Calling, Some(Err(status))) => return Some(Err(status)),
        _ if !reassembly.is_empty() => {
            return Some(Err(Status::internal(
                "the stream ended in the middle of a message",
            )));
        }
        (Side::Serving, _) => return None,
        (Side::Calling, Some(Ok(metadata))) => metadata,
        (Side::Calling, None) if has_trailers => {
            return Some(Err(Status::unknown(
                "the answer ended without a grpc-status",
            )));
        }
        (Side::Calling, None) => {
            return Some(Err(Status::internal("the answer ended without trailers")));
        }
    };
    Some(Ok(Frame::Trailers(metadata)))
}

impl<B> Source for Incoming<B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        self.poll(context)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};
    use http_body_util::StreamBody;
    use tonic::Code;

    use super::*;

    type Piece = Result<http_body::Frame<Bytes>, BoxError>;

    fn data(bytes: &'static [u8]) -> Piece {
        Ok(http_body::Frame::data(Bytes::from_static(bytes)))
    }

    fn trailers(status: &'static str) -> Piece {
        let status = http::HeaderValue::from_static(status);
        let map = HeaderMap::from_iter([(call::headers::STATUS, status)]);
        Ok(http_body::Frame::trailers(map))
    }

    fn one(side: Side, pieces: Vec<Piece>) -> Result<Message, Status> {
        let body = StreamBody::new(stream::iter(pieces));
        let read = Incoming::new(body, side, None, 10).one().now_or_never();
        read.expect("nothing to wait for")
            .map(|(message, _)| message)
    }

    fn refused(side: Side, pieces: Vec<Piece>) -> Code {
        one(side, pieces).unwrap_err().code()
    }

    const HELLO: &[u8] = &[0, 0, 0, 0, 1, 7];

    #[test]
    fn a_whole_answer_is_read() {
        let message = one(Side::Calling, vec![data(HELLO), trailers("0")]).unwrap();
        assert_eq!(message.payload(), &[7][..]);
        assert_eq!(message.compressed(), Some(false));
    }

    #[test]
    fn trailers_are_given_if_they_say_more_than_the_status() {
        let read = |more: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in [("grpc-status", "0")].iter().chain(more) {
                map.insert(*name, http::HeaderValue::from_static(value));
            }
            let pieces: [Piece; 2] = [data(HELLO), Ok(http_body::Frame::trailers(map))];
            let body = StreamBody::new(stream::iter(pieces));
            let read = Incoming::new(body, Side::Calling, None, 10).one();
            read.now_or_never().unwrap().unwrap().1
        };
        assert!(read(&[]).is_none());
        let trailers = read(&[("x-cost", "3")]).unwrap();
        assert_eq!(trailers.get("x-cost").unwrap(), "3");
    }

    #[test]
    fn an_answer_without_a_status_is_an_error() {
        assert_eq!(refused(Side::Calling, vec![data(HELLO)]), Code::Internal);
        let bare = Ok(http_body::Frame::trailers(HeaderMap::new()));
        assert_eq!(
            refused(Side::Calling, vec![data(HELLO), bare]),
            Code::Unknown
        );
    }

    #[test]
    fn a_cut_message_is_an_error_and_a_status_explains_it_better() {
        let cut = || data(&HELLO[..3]);
        assert_eq!(refused(Side::Serving, vec![cut()]), Code::Internal);
        let fine = vec![cut(), trailers("0")];
        assert_eq!(refused(Side::Calling, fine), Code::Internal);
        let aborted = vec![cut(), trailers("10")];
        assert_eq!(refused(Side::Calling, aborted), Code::Aborted);
    }

    #[test]
    fn one_means_one() {
        let two = vec![data(HELLO), data(HELLO), trailers("0")];
        assert_eq!(refused(Side::Calling, two), Code::Unimplemented);
        let none = vec![trailers("0")];
        assert_eq!(refused(Side::Calling, none), Code::Unimplemented);
        assert_eq!(refused(Side::Serving, vec![]), Code::Unimplemented);
    }

    #[test]
    fn a_broken_upload_is_cancelled_and_never_a_clean_end() {
        let gone = || Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into());
        assert_eq!(
            refused(Side::Serving, vec![data(HELLO), gone()]),
            Code::Cancelled
        );
        assert_eq!(
            refused(Side::Calling, vec![data(HELLO), gone()]),
            Code::Unavailable
        );
    }
}
