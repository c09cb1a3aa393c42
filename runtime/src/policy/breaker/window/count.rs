//! The last so many calls, in a true ring: the newest outcome takes the place of the oldest.
//!
//! Sixteen bits of every word are the epoch and the other 48 are twelve outcomes, so that a record of an earlier epoch
//! cannot slip in. All threads share the ring, as the order of calls is what it is about.

use std::sync::atomic::Ordering::Relaxed;

use super::Totals;
use crate::policy::breaker::shards::Padded;
use crate::policy::breaker::state::Outcome;
use crate::policy::sync::AtomicU64;

const OUTCOMES: u64 = 12;
const EPOCH: u32 = 48;
/// The bits of one outcome.
const PRESENT: u64 = 0b001;
const FAILED: u64 = 0b010;
const SLOW: u64 = 0b100;
const OUTCOME: u64 = 0b1111;
/// One of these bits in all outcomes of a word, when multiplied with it.
const EVERY: u64 = 0x1111_1111_1111;

#[derive(Debug)]
pub(in crate::policy::breaker) struct CountWindow {
    size: u64,
    words: Box<[AtomicU64]>,
    /// How many places were given out.
    next: Padded<AtomicU64>,
}

// === CountWindow ===

impl CountWindow {
    pub(super) fn new(size: u32) -> Self {
        let words = size.max(1).div_ceil(OUTCOMES as u32);
        Self {
            size: size.max(1).into(),
            words: (0..words).map(|_| AtomicU64::new(0)).collect(),
            next: Padded::default(),
        }
    }

    pub(super) fn record(&self, epoch: u32, outcome: Outcome) -> bool {
        let place = self.next.0.fetch_add(1, Relaxed) % self.size;
        let word = &self.words[(place / OUTCOMES) as usize];
        let shift = place % OUTCOMES * 4;
        let failed = if outcome.failed { FAILED } else { 0 };
        let slow = if outcome.slow { SLOW } else { 0 };
        let written = (PRESENT | failed | slow) << shift;
        word.fetch_update(Relaxed, Relaxed, |seen| {
            let current = (seen >> EPOCH) as u16 == epoch as u16;
            current.then_some(seen & !(OUTCOME << shift) | written)
        })
        .is_ok()
    }

    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for word in &self.words {
            let word = word.load(Relaxed);
            totals.calls += (word & (EVERY * PRESENT)).count_ones();
            totals.failed += (word & (EVERY * FAILED)).count_ones();
            totals.slow += (word & (EVERY * SLOW)).count_ones();
        }
        totals
    }

    pub(super) fn clear(&self, epoch: u32) {
        for word in &self.words {
            word.store(u64::from(epoch as u16) << EPOCH, Relaxed);
        }
    }

    /// How many calls were recorded since the window was made.
    pub(super) fn recorded(&self) -> u64 {
        self.next.0.load(Relaxed)
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    const BAD: Outcome = Outcome {
        failed: true,
        slow: true,
    };

    #[test]
    fn a_record_of_an_earlier_epoch_bounces() {
        let window = CountWindow::new(3);
        assert!(window.record(0, BAD));
        window.clear(1);
        assert!(!window.record(0, BAD));
        assert_eq!(window.totals(), Totals::default());
    }

    #[test]
    fn threads_fill_the_ring_without_a_gap() {
        let window = CountWindow::new(100);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| assert!(window.record(0, BAD))));
            }
        });
        assert_eq!(
            window.totals(),
            Totals {
                calls: 100,
                failed: 100,
                slow: 100
            }
        );
        assert_eq!(window.recorded(), 40_000);
    }

    proptest! {
        #[test]
        fn agrees_with_a_list_of_all_calls(size in 1_u32..60, calls in vec((any::<bool>(), any::<bool>()), 0..200)) {
            let window = CountWindow::new(size);
            for (index, (failed, slow)) in calls.iter().copied().enumerate() {
                let outcome = Outcome { failed, slow };
                prop_assert!(window.record(0, outcome));
                let last = &calls[(index + 1).saturating_sub(size as usize)..=index];
                let totals = Totals {
                    calls: last.len() as u32,
                    failed: last.iter().filter(|(failed, _)| *failed).count() as u32,
                    slow: last.iter().filter(|(_, slow)| *slow).count() as u32,
                };
                prop_assert_eq!(window.totals(), totals);
            }
        }
    }
}
