//! How a call ends that is too late: which limit won, after how long, and what the call was waiting for.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use tonic::Status;

use super::Counts;
use crate::{
    call::{Body, Deadline, Frames, Limit, Phase, Reply, may_be_a_cut},
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
    #[inline]
    pub(super) fn bind(self, reply: &mut Reply, counts: &Arc<Counts>) {
        if let Body::Many(frames) = &mut reply.body {
            self.bind_frames(frames, counts);
        }
    }

    #[inline(never)]
    fn bind_frames(self, frames: &mut Frames, counts: &Arc<Counts>) {
        let Some(at) = self.deadline.instant() else {
            return;
        };
        let counts = Arc::clone(counts);
        frames.until(async move {
            // No timer tells of a moment that is over already.
            if !self.deadline.has_passed(clock::now()) {
                tokio::time::sleep_until(at.into()).await;
            }
            counts.phases.add(Phase::Body);
            self.status(clock::now(), Phase::Body)
        });
    }

    /// A peer that saw the deadline pass first, or a connection that went with it, ends the call in its own way; here it was
    /// the deadline all the same.
    #[cold]
    pub(super) fn attribute(self, status: &mut Status, counts: &Counts) {
        let now = clock::now();
        if may_be_a_cut(status) && self.deadline.has_passed(now) {
            counts.phases.add(Phase::Headers);
            *status = self.status(now, Phase::Headers);
        }
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
