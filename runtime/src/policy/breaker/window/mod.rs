//! The calls that the rates are taken over: those of the last while, or the last so many.
//!
//! A window belongs to one generation of the breaker at a time (its *epoch*): clearing it for the next one makes
//! records that were on their way bounce, so that what happened before a change of state never counts after it.

mod count;
mod time;

use self::{count::CountWindow, time::TimeWindow};
use super::Window;
use super::state::Outcome;

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Calls with an outcome, good or failed.
    pub calls: u32,
    /// Those of them that failed.
    pub failed: u32,
    /// Those of them that were slow, good or failed.
    pub slow: u32,
}

/// A window of either kind. Times are nanoseconds since the breaker was made.
#[derive(Debug)]
pub(super) enum Sliding {
    Time(TimeWindow),
    Count(CountWindow),
}

// === Sliding ===

impl Sliding {
    pub(super) fn new(window: Window) -> Self {
        match window {
            Window::Time(size) => Self::Time(TimeWindow::new(size)),
            Window::Count(size) => Self::Count(CountWindow::new(size)),
        }
    }

    /// Adds an outcome, unless the window has moved on to another epoch: then `false`.
    #[inline]
    #[must_use]
    pub(super) fn record(&self, epoch: u32, now: u64, outcome: Outcome) -> bool {
        match self {
            Self::Time(window) => window.record(epoch, now, outcome),
            Self::Count(window) => window.record(epoch, outcome),
        }
    }

    /// What counts at `now`.
    pub(super) fn totals(&self, now: u64) -> Totals {
        match self {
            Self::Time(window) => window.totals(now),
            Self::Count(window) => window.totals(),
        }
    }

    /// Forgets everything and begins an epoch.
    pub(super) fn clear(&self, epoch: u32) {
        match self {
            Self::Time(window) => window.clear(epoch),
            Self::Count(window) => window.clear(epoch),
        }
    }

    /// How far the window has slid since it was made, and how far it slides until all it holds is new.
    pub(super) fn progress(&self, now: u64) -> (u64, u64) {
        match self {
            Self::Time(window) => (now, window.size()),
            Self::Count(window) => (window.recorded(), window.size()),
        }
    }
}
