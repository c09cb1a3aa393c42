//! A call under way that somebody looks at, and what becomes of it.

use std::{sync::Arc, time::Instant};

use tonic::{Code, Status};
use tracing::Span;

use super::spans;
use crate::{
    call::{self, Body, Call, Deadline, Method, Reply},
    clock,
    telemetry::{self, Durations},
};

/// A call under way. Dropped before its end was told, it was given up.
pub(super) struct Watch {
    span: Span,
    side: Side,
    method: &'static Method,
    started: Instant,
    deadline: Deadline,
    /// Where its duration is written down, if somebody wants that.
    durations: Option<Arc<Durations>>,
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
    pub(super) fn new(span: Span, side: Side, call: &Call, durations: &Arc<Durations>) -> Self {
        let wanted = telemetry::are_figures_wanted();
        Self {
            span,
            side,
            method: call.method,
            started: call.started.unwrap_or_else(clock::now),
            deadline: call.deadline,
            durations: wanted.then(|| Arc::clone(durations)),
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

    fn end(&mut self, end: End<'_>, now: Instant) {
        self.told = true;
        if let Some(durations) = &self.durations {
            let took = now.saturating_duration_since(self.started);
            durations.record(self.method, end.code(), took);
        }
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
