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
    /// No application saw the call: it never left, or the peer said that it did not look at it. Safe to send again.
    #[error("no application saw this call")]
    Unprocessed,
    /// The two ends were built from releases that do not fit. Says nothing about the peer's health.
    #[error("the releases of the two ends do not fit")]
    Incompatible,
}

type Stored = Arc<dyn Error + Send + Sync>;

static REFUSED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Refused));
static UNPROCESSED: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Unprocessed));
static INCOMPATIBLE: LazyLock<Stored> = LazyLock::new(|| Arc::new(Mark::Incompatible));

impl Mark {
    /// Puts this mark on `status`.
    pub fn on(self, mut status: Status) -> Status {
        let stored = match self {
            Self::Refused => &REFUSED,
            Self::Unprocessed => &UNPROCESSED,
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
