//! The body of a response, of whichever service, and its end at the deadline.
//!
//! Whoever answers watches the deadline while it waits. Here is watched a stream that never waits, because it
//! always has one more message ready.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tonic::{Status, body::Body as AnyBody};

use crate::{
    call::{self, Deadline, Phase, status},
    carrier::http2::{encode::Outgoing, framing::Framing},
    clock,
};

/// What a response holds.
#[derive(Debug)]
pub(crate) struct Answer {
    content: Content,
    deadline: Deadline,
}

#[derive(Debug)]
enum Content {
    /// A unary reply of one of our stacks, or nothing.
    One(Outgoing),
    /// A streamed one.
    Many(Outgoing),
    /// Whatever an HTTP service answers, which looks to its end itself.
    Foreign(AnyBody),
    /// What is cut.
    Over,
}

/// How long whoever answers has to notice the deadline, which it can tell more about.
const GRACE: Duration = Duration::from_millis(5);

// === Answer ===

impl Answer {
    /// Nothing: the status stands in the head.
    pub(super) fn empty() -> Self {
        Self {
            content: Content::One(Outgoing::empty()),
            deadline: Deadline::NEVER,
        }
    }

    /// A reply of one of our stacks, which must be over by `deadline`.
    pub(super) fn own(body: call::Body, framing: Framing, deadline: Deadline) -> Self {
        let is_one = matches!(body, call::Body::One(..));
        let body = Outgoing::reply(body, framing);
        let content = if is_one {
            Content::One(body)
        } else {
            Content::Many(body)
        };
        Self { content, deadline }
    }

    /// The answer of an HTTP service, which must be over by `deadline`.
    pub(super) fn foreign(body: AnyBody, deadline: Deadline) -> Self {
        Self {
            content: Content::Foreign(body),
            deadline,
        }
    }

    /// When its call must be over.
    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    fn is_late(&self) -> bool {
        let late = |at: Instant| clock::now() >= at + GRACE;
        self.deadline.instant().is_some_and(late)
    }
}

/// What a call says that its carrier had to end.
pub(super) fn expired(deadline: Deadline, phase: Phase) -> Status {
    let limit = deadline.limit();
    Status::deadline_exceeded(format!(
        "deadline exceeded in phase {phase}; limit: {limit}"
    ))
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let late = matches!(self.content, Content::Many(_)) && self.is_late();
        match &mut self.content {
            Content::Many(body) if late && !body.is_end_stream() => {
                self.content = Content::Over;
                let trailers = status::write(&expired(self.deadline, Phase::Body));
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            Content::One(body) | Content::Many(body) => Pin::new(body).poll_frame(context),
            Content::Foreign(body) => Pin::new(body).poll_frame(context),
            Content::Over => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::One(body) | Content::Many(body) => body.is_end_stream(),
            Content::Foreign(body) => body.is_end_stream(),
            Content::Over => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::One(body) | Content::Many(body) => body.size_hint(),
            Content::Foreign(body) => body.size_hint(),
            Content::Over => SizeHint::default(),
        }
    }
}
