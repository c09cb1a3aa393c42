//! What a status made here knows beyond its code: marks that other layers read and that never go over the wire.

use std::{
    error::Error,
    sync::{Arc, LazyLock},
};

use tonic::Status;

use super::Reply;

/// Something a layer or a carrier knows of a failure, carried as the status' source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mark {
    /// Refused on this side by a policy; nothing was sent. Says nothing about the peer.
    #[error("refused on this side, nothing was sent")]
    Refused,
    /// No application saw the call: there was no connection, or the peer said that it did not look at it. Safe to send
    /// again.
    #[error("no application saw this call")]
    Unprocessed,
    /// The call never left this program, because its connection ended at that moment. Safe to send again, as often as it
    /// takes.
    #[error("this call never left")]
    Unsent,
    /// The head of the answer did not come within the time of one attempt. The application may have seen the call.
    #[error("this attempt was not answered in its time")]
    Unanswered,
    /// The call failed after the head of its answer had come, and its caller may have acted on that.
    #[error("the answer to this call had begun")]
    Begun,
    /// The two ends were built from releases that do not fit. Says nothing about the peer's health.
    #[error("the releases of the two ends do not fit")]
    Incompatible,
    /// The same of one of several peers, of which another one fits. No application saw the call.
    #[error("the release of this peer does not fit, and that of another one does")]
    Misplaced,
    /// Something was done to this call on purpose, to see how its callers bear it: neither its end nor the time it took says
    /// anything about what the peer can bear. Breakers and retries treat it as what it pretends to be.
    #[error("something was done to this call on purpose")]
    Injected,
}

type Stored = Arc<dyn Error + Send + Sync>;

static REFUSED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Refused));
static UNPROCESSED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Unprocessed));
static UNSENT: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Unsent));
static UNANSWERED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Unanswered));
static BEGUN: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Begun));
static INCOMPATIBLE: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Incompatible));
static MISPLACED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Misplaced));
static INJECTED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Injected));

impl Mark {
    /// Puts this mark on `status`.
    pub fn on(self, mut status: Status) -> Status {
        let stored = match self {
            Self::Refused => &REFUSED,
            Self::Unprocessed => &UNPROCESSED,
            Self::Unsent => &UNSENT,
            Self::Unanswered => &UNANSWERED,
            Self::Begun => &BEGUN,
            Self::Incompatible => &INCOMPATIBLE,
            Self::Misplaced => &MISPLACED,
            Self::Injected => &INJECTED,
        };
        status.set_source(Arc::clone(stored));
        status
    }

    /// The mark that `status` carries.
    pub fn of(status: &Status) -> Option<Self> {
        status.source()?.downcast_ref().copied()
    }

    /// The mark that an answer carries: a status, or a reply among its extensions, as one has that was delayed on purpose.
    pub fn of_answer(answer: &Result<Reply, Status>) -> Option<Self> {
        match answer {
            Ok(reply) => reply.extensions.get().copied(),
            Err(status) => Self::of(status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Body, Message};

    #[test]
    fn a_mark_is_read_back_and_an_unmarked_status_has_none() {
        let status = Status::unavailable("away");
        assert_eq!(Mark::of(&status), None);
        assert_eq!(Mark::of(&Mark::Refused.on(status)), Some(Mark::Refused));
        let status = Mark::Injected.on(Status::unavailable("away"));
        assert_eq!(Mark::of_answer(&Err(status)), Some(Mark::Injected));
    }

    #[test]
    fn a_reply_is_marked_among_its_extensions() {
        let message = Message::encode(&"hi".to_owned()).unwrap();
        let mut answer = Ok(Reply::new(Body::One(message, None)));
        assert_eq!(Mark::of_answer(&answer), None);
        if let Ok(reply) = &mut answer {
            reply.extensions.insert(Mark::Injected);
        }
        assert_eq!(Mark::of_answer(&answer), Some(Mark::Injected));
    }
}
