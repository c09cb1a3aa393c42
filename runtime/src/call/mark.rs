//! What a status made here knows beyond its code: marks that other layers read and that never go over the wire.

use std::{
    error::Error,
    sync::{Arc, LazyLock},
};

use tonic::Status;

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
}

type Stored = Arc<dyn Error + Send + Sync>;

static REFUSED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Refused));
static UNPROCESSED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Unprocessed));
static UNSENT: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Unsent));
static UNANSWERED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Unanswered));
static BEGUN: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Begun));
static INCOMPATIBLE: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Incompatible));

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
        };
        status.set_source(Arc::clone(stored));
        status
    }

    /// The mark that `status` carries.
    pub fn of(status: &Status) -> Option<Self> {
        status.source()?.downcast_ref().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_an_unmarked_status_has_none() {
        let status = Status::unavailable("away");
        assert_eq!(Mark::of(&status), None);
        assert_eq!(Mark::of(&Mark::Refused.on(status)), Some(Mark::Refused));
    }
}
