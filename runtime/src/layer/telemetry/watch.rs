//! A call under way that somebody looks at, and what becomes of it.

use std::time::Instant;

use tonic::{Code, Status};
use tracing::Span;

use super::spans;
use crate::{
    call::{self, Body, Call, Deadline, Reply},
    clock,
};

/// A call under way. Dropped before its end was told, it was given up.
pub(super) struct Watch {
    span: Span,
    side: Side,
    deadline: Deadline,
    told: bool,
}

/// Whose failures are errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum End<'a> {
    Well,
    Failed(&'a Status),
    /// By whoever waited for it, with this code.
    GivenUp(Code),
}

// === Watch ===

impl Watch {
    pub(super) fn new(span: Span, side: Side, call: &Call) -> Self {
        Self {
            span,
            side,
            deadline: call.deadline,
            told: false,
        }
    }

    /// The answer is there; a streamed one goes on.
    pub(super) fn finish(self, mut answer: Result<Reply, Status>) -> Result<Reply, Status> {
        match &mut answer {
            Ok(Reply {
                body: Body::Many(frames),
                ..
            }) => frames.on_end(move |end| match end {
                call::End::Complete => self.tell(End::Well),
                call::End::Failed(status) => self.tell(End::Failed(status)),
                call::End::Abandoned => drop(self),
            }),
            Ok(_) => self.tell(End::Well),
            Err(status) => self.tell(End::Failed(status)),
        }
        answer
    }

    fn tell(mut self, end: End<'_>) {
        self.end(end, clock::now());
    }

    fn end(&mut self, end: End<'_>, _now: Instant) {
        self.told = true;
        match self.side {
            Side::Client => spans::end(&self.span, end, spans::is_callers_error),
            Side::Server => spans::end(&self.span, end, spans::is_servers_error),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.told {
            let now = clock::now();
            let code = match self.deadline.has_passed(now) {
                true => Code::DeadlineExceeded,
                false => Code::Cancelled,
            };
            self.end(End::GivenUp(code), now);
        }
    }
}

// === End ===

impl End<'_> {
    pub(super) fn code(self) -> Code {
        match self {
            Self::Well => Code::Ok,
            Self::Failed(status) => status.code(),
            Self::GivenUp(code) => code,
        }
    }
}
