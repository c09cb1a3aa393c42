//! How many calls in a row have failed, in one word with the generation that it is about.

use std::sync::atomic::Ordering::Relaxed;

use super::shards::Padded;
use crate::policy::sync::{AtomicU32, AtomicU64};

/// Failures since the last success; costs nothing where no limit is set.
#[derive(Debug)]
pub(super) struct Streak {
    /// 0 is off.
    limit: AtomicU32,
    /// `generation: 32 | failures: 32`
    word: Padded<AtomicU64>,
}

const GENERATION: u32 = 32;

// === Streak ===

impl Streak {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit: AtomicU32::new(limit),
            word: Padded::default(),
        }
    }

    /// Adds an outcome; whether the limit is reached. Outcomes of an earlier generation change nothing.
    #[inline]
    pub(super) fn record(&self, generation: u32, failed: bool) -> bool {
        let limit = self.limit.load(Relaxed);
        if limit == 0 {
            return false;
        }
        // A success after a success has nothing to write, so that well peers cost no shared write.
        let updated = self.word.0.fetch_update(Relaxed, Relaxed, |seen| {
            let changes = (seen >> GENERATION) as u32 == generation && (failed || seen as u32 > 0);
            changes.then_some(u64::from(generation) << GENERATION | next(seen as u32, failed))
        });
        failed && updated.is_ok_and(|seen| next(seen as u32, true) >= limit.into())
    }

    /// Changes the limit; it holds from the next failure on. Where there was none, nothing was counted either.
    pub(super) fn limit_to(&self, limit: u32, generation: u32) {
        if self.limit.load(Relaxed) == 0 {
            self.clear(generation);
        }
        self.limit.store(limit, Relaxed);
    }

    /// Begins a generation.
    pub(super) fn clear(&self, generation: u32) {
        self.word
            .0
            .store(u64::from(generation) << GENERATION, Relaxed);
    }
}

fn next(failures: u32, failed: bool) -> u64 {
    if failed {
        failures.saturating_add(1).into()
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_begins_anew_and_an_earlier_generation_says_nothing() {
        let streak = Streak::new(2);
        streak.clear(5);
        assert!(!streak.record(5, true));
        assert!(!streak.record(5, false));
        assert!(!streak.record(5, true));
        assert!(!streak.record(4, true));
        assert!(!streak.record(4, false));
        assert!(streak.record(5, true));
    }

    #[test]
    fn no_limit_is_never_reached() {
        let streak = Streak::new(0);
        assert!((0..100).all(|_| !streak.record(0, true)));
    }
}
