//! What a breaker has seen in its life, for metrics and dashboards; no decision is taken from here.

use std::sync::atomic::Ordering::Relaxed;

use super::shards::Shards;
use super::state::Outcome;
use super::window::Totals;
use crate::policy::sync::AtomicU64;

/// Numbers of calls since the breaker was made. No change of state and no reset takes anything away.
///
/// Every admitted call ends up in exactly one of `successes`, `failures`, `ignored`, `abandoned` and `stale`. Calls
/// that were admitted while the breaker was disabled are in none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls that succeeded.
    pub successes: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Calls that were slow, whether they succeeded or failed.
    pub slow: u64,
    /// Calls whose outcome said nothing about the peer.
    pub ignored: u64,
    /// Calls that were given up without an outcome.
    pub abandoned: u64,
    /// Outcomes that came after the breaker had changed its state, and so counted for nothing.
    pub stale: u64,
    /// Calls that were not admitted.
    pub rejected: u64,
    /// What the window held when it was asked.
    pub window: Totals,
}

/// The counters behind [`Counts`], one set for each shard of threads.
#[derive(Debug)]
pub(super) struct Counters(Shards<Cells>);

#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) successes: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) slow: AtomicU64,
    pub(super) ignored: AtomicU64,
    pub(super) abandoned: AtomicU64,
    pub(super) stale: AtomicU64,
    pub(super) rejected: AtomicU64,
}

// === Counters ===

impl Counters {
    pub(super) fn new() -> Self {
        Self(Shards::new())
    }

    /// This thread's counters.
    #[inline]
    pub(super) fn cells(&self) -> &Cells {
        self.0.mine(Cells::default)
    }

    /// Counts a call whose outcome counts.
    #[inline]
    pub(super) fn outcome(&self, outcome: Outcome) {
        let cells = self.cells();
        count(if outcome.failed {
            &cells.failures
        } else {
            &cells.successes
        });
        if outcome.slow {
            count(&cells.slow);
        }
    }

    pub(super) fn sum(&self, window: Totals) -> Counts {
        let mut sum = Counts {
            window,
            ..Counts::default()
        };
        for cells in self.0.iter() {
            sum.successes += cells.successes.load(Relaxed);
            sum.failures += cells.failures.load(Relaxed);
            sum.slow += cells.slow.load(Relaxed);
            sum.ignored += cells.ignored.load(Relaxed);
            sum.abandoned += cells.abandoned.load(Relaxed);
            sum.stale += cells.stale.load(Relaxed);
            sum.rejected += cells.rejected.load(Relaxed);
        }
        sum
    }
}

/// Adds one.
#[inline]
pub(super) fn count(cell: &AtomicU64) {
    cell.fetch_add(1, Relaxed);
}
