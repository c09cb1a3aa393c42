//! How a call ends that is too late: which limit won, after how long, and what the call was waiting for.

use std::{
    fmt,
    time::{Duration, Instant},
};

use tonic::Status;

use crate::{
    call::{Body, Deadline, Limit, Phase, Reply, may_be_a_cut},
    clock,
};

/// What is known at the start about how a call would end if it were too late.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expiry {
    pub(super) deadline: Deadline,
    pub(super) started: Instant,
}

impl Expiry {
    /// Holds a streamed reply to the same deadline.
    pub(super) fn bound(self, mut reply: Reply) -> Reply {
        if let (Body::Many(frames), Some(at)) = (&mut reply.body, self.deadline.instant()) {
            frames.until(async move {
                // No timer tells of a moment that is over already.
                if !self.deadline.has_passed(clock::now()) {
                    tokio::time::sleep_until(at.into()).await;
                }
                self.status(clock::now(), Phase::Body)
            });
        }
        reply
    }

    /// A peer that saw the deadline pass first, or a connection that went with it, ends the call in its own way; here it was
    /// the deadline all the same.
    pub(super) fn attribute(self, status: Status) -> Status {
        let now = clock::now();
        if may_be_a_cut(&status) && self.deadline.has_passed(now) {
            return self.status(now, Phase::Headers);
        }
        status
    }

    pub(super) fn status(self, now: Instant, phase: Phase) -> Status {
        let late = Late {
            limit: self.deadline.limit(),
            elapsed: now.saturating_duration_since(self.started),
            phase,
        };
        Status::deadline_exceeded(late.to_string())
    }
}

/// Which limit won, after how long, and what the call was waiting for.
struct Late {
    limit: Limit,
    elapsed: Duration,
    phase: Phase,
}

impl fmt::Display for Late {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            limit,
            elapsed,
            phase,
        } = self;
        write!(
            formatter,
            "deadline exceeded after {elapsed:.1?} in phase {phase}; limit: {limit}"
        )
    }
}
