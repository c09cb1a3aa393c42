//! The calls that the rates are taken over: those of the last while, or the last so many.
//!
//! A window belongs to one generation of the breaker at a time (its *epoch*): clearing it for the next one makes
//! records that were on their way bounce, so that what happened before a change of state never counts after it.
//!
//! Its kind and size can change while it is used. What it held is forgotten then, and so is at most one outcome of each
//! thread that was on its way.

mod count;
mod time;

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use self::{count::CountWindow, time::TimeWindow};
use super::Window;
use super::state::Outcome;

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Calls with an outcome, good or failed, and those under way that are slow already.
    pub calls: u32,
    /// Those of them that failed.
    pub failed: u32,
    /// Those of them that were slow, good or failed.
    pub slow: u32,
    /// Besides them: calls that were given up; in a window of the last so many, since the last outcome.
    pub abandoned: u32,
}

/// A window of either kind. Times are nanoseconds since the breaker was made.
#[derive(Debug)]
pub(super) struct Sliding {
    /// Without a size while the other is there.
    time: TimeWindow,
    count: ArcSwapOption<CountWindow>,
}

// === Sliding ===

impl Sliding {
    pub(super) fn new(window: Window) -> Self {
        let sliding = Self {
            time: TimeWindow::new(),
            count: ArcSwapOption::empty(),
        };
        sliding.resize(window, 0);
        sliding
    }

    /// Adds an outcome, unless the window has moved on to another epoch: then `false`.
    #[inline]
    #[must_use]
    pub(super) fn record(&self, epoch: u32, now: u64, outcome: Outcome) -> bool {
        if let Some(slice) = self.time.slice(now) {
            return self.time.record(epoch, slice, outcome);
        }
        match &*self.count.load() {
            Some(window) => window.record(epoch, now, outcome),
            // Just replaced: forgotten with all the others.
            None => true,
        }
    }

    /// Adds a call that was given up.
    pub(super) fn abandon(&self, epoch: u32, now: u64) {
        if let Some(slice) = self.time.slice(now) {
            self.time.abandon(epoch, slice);
        } else if let Some(window) = &*self.count.load() {
            window.abandon(epoch);
        }
    }

    /// What counts at `now`.
    pub(super) fn totals(&self, now: u64) -> Totals {
        if let Some(slice) = self.time.slice(now) {
            return self.time.totals(slice);
        }
        let count = self.count.load();
        count
            .as_ref()
            .map_or_else(Totals::default, |window| window.totals())
    }

    /// Forgets everything and begins an epoch.
    pub(super) fn clear(&self, epoch: u32) {
        self.time.clear(epoch);
        if let Some(window) = &*self.count.load() {
            window.clear(epoch);
        }
    }

    /// Becomes another window, empty, in this epoch. Not to be called while another thread clears it.
    pub(super) fn resize(&self, window: Window, epoch: u32) {
        match window {
            Window::Time(size) => {
                self.time.resize(size);
                self.time.clear(epoch);
                self.count.store(None);
            }
            Window::Count(size) => {
                self.count
                    .store(Some(Arc::new(CountWindow::new(size, epoch))));
                self.time.leave();
            }
        }
    }

    /// How far the window has slid since it was made, and how far it slides until all it holds is new.
    pub(super) fn progress(&self, now: u64) -> (u64, u64) {
        match &*self.count.load() {
            Some(window) => (window.recorded(), window.size()),
            None => (now, self.time.size()),
        }
    }
}
