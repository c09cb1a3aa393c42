//! The calls that ended within the last while, in ten slices that are forgotten one by one.
//!
//! Each thread adds to its own sixteen slots. A slot carries the number of its slice, and the compare-and-swap that
//! adds to it also takes it over from a slice long gone, so nothing has to rotate. Counts saturate at a million calls
//! in one slice of one shard; a slot that nobody touched for exactly 65,536 slices looks fresh again; a record that
//! comes sixteen slices late takes the place of newer ones. A breaker can live with these approximations.

use std::array;
use std::sync::{PoisonError, atomic::Ordering::Relaxed};
use std::time::Duration;

use super::Totals;
use crate::policy::breaker::shards::Shards;
use crate::policy::breaker::state::Outcome;
use crate::policy::sync::{AtomicU64, Mutex};

const SLICES: u64 = 10;
/// A power of two above `SLICES`.
const SLOTS: usize = 16;

#[derive(Debug)]
pub(in crate::policy::breaker) struct TimeWindow {
    /// Nanoseconds.
    slice: u64,
    shards: Shards<Slots>,
    /// The epoch of shards yet to be made; held while one is made and while all are cleared.
    epoch: Mutex<u32>,
}

#[derive(Debug)]
struct Slots {
    /// Calls and failures.
    results: [AtomicU64; SLOTS],
    /// Calls again, and the slow ones; written by slow calls only.
    slow: [AtomicU64; SLOTS],
}

/// `epoch: 8 | slice: 16 | calls: 20 | marked: 20`
#[derive(Clone, Copy)]
struct Slot(u64);

// === TimeWindow ===

impl TimeWindow {
    pub(super) fn new(size: Duration) -> Self {
        let nanos = u64::try_from(size.as_nanos()).unwrap_or(u64::MAX);
        Self {
            slice: (nanos / SLICES).max(1),
            shards: Shards::new(),
            epoch: Mutex::new(0),
        }
    }

    #[inline]
    pub(super) fn record(&self, epoch: u32, now: u64, outcome: Outcome) -> bool {
        let slots = self.shards.existing().unwrap_or_else(|| self.first_use());
        let slice = now / self.slice;
        let recorded = add(&slots.results, epoch, slice, outcome.failed);
        if recorded && outcome.slow {
            return add(&slots.slow, epoch, slice, true);
        }
        recorded
    }

    pub(super) fn totals(&self, now: u64) -> Totals {
        let current = now / self.slice;
        let mut totals = Totals::default();
        for slots in self.shards.iter() {
            for (results, slow) in slots.results.iter().zip(&slots.slow) {
                let results = Slot(results.load(Relaxed));
                if results.is_within(current) {
                    totals.calls = totals.calls.saturating_add(results.calls());
                    totals.failed = totals.failed.saturating_add(results.marked());
                }
                let slow = Slot(slow.load(Relaxed));
                if slow.is_within(current) {
                    totals.slow = totals.slow.saturating_add(slow.marked());
                }
            }
        }
        totals
    }

    pub(super) fn clear(&self, epoch: u32) {
        let mut current = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *current = epoch;
        for slots in self.shards.iter() {
            for slot in slots.results.iter().chain(&slots.slow) {
                slot.store(Slot::empty(epoch, 0).0, Relaxed);
            }
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.slice.saturating_mul(SLICES)
    }

    #[cold]
    fn first_use(&self) -> &Slots {
        let epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        self.shards.mine(|| Slots::new(*epoch))
    }
}

/// Counts one call in the slot of its slice; `false` if the slot belongs to another epoch.
#[inline]
fn add(slots: &[AtomicU64; SLOTS], epoch: u32, slice: u64, marked: bool) -> bool {
    let slot = &slots[slice as usize % SLOTS];
    let mut seen = Slot(slot.load(Relaxed));
    loop {
        if !seen.is_of(epoch) {
            return false;
        }
        let base = if seen.is_slice(slice) {
            seen
        } else {
            Slot::empty(epoch, slice)
        };
        match slot.compare_exchange_weak(seen.0, base.plus(marked).0, Relaxed, Relaxed) {
            Ok(_) => return true,
            Err(newer) => seen = Slot(newer),
        }
    }
}

// === Slots ===

impl Slots {
    fn new(epoch: u32) -> Self {
        let empty = || array::from_fn(|_| AtomicU64::new(Slot::empty(epoch, 0).0));
        Self {
            results: empty(),
            slow: empty(),
        }
    }
}

// === Slot ===

impl Slot {
    const CALLS: u32 = 20;
    const SLICE: u32 = 40;
    const EPOCH: u32 = 56;
    const FULL: u32 = (1 << Self::CALLS) - 1;

    const fn empty(epoch: u32, slice: u64) -> Self {
        Self((epoch as u8 as u64) << Self::EPOCH | (slice as u16 as u64) << Self::SLICE)
    }

    const fn is_of(self, epoch: u32) -> bool {
        (self.0 >> Self::EPOCH) as u8 == epoch as u8
    }

    const fn is_slice(self, slice: u64) -> bool {
        self.slice() == slice as u16
    }

    const fn is_within(self, current: u64) -> bool {
        ((current as u16).wrapping_sub(self.slice()) as u64) < SLICES
    }

    const fn slice(self) -> u16 {
        (self.0 >> Self::SLICE) as u16
    }

    const fn calls(self) -> u32 {
        (self.0 >> Self::CALLS) as u32 & Self::FULL
    }

    const fn marked(self) -> u32 {
        self.0 as u32 & Self::FULL
    }

    /// One call more; a full slot stays as it is, so that its rate stays true.
    const fn plus(self, marked: bool) -> Self {
        if self.calls() == Self::FULL {
            return self;
        }
        Self(self.0 + (1 << Self::CALLS) + marked as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const GOOD: Outcome = Outcome {
        failed: false,
        slow: false,
    };
    const BAD: Outcome = Outcome {
        failed: true,
        slow: true,
    };

    fn ten_seconds() -> TimeWindow {
        TimeWindow::new(Duration::from_secs(10))
    }

    #[test]
    fn slides_in_tenths() {
        let window = ten_seconds();
        assert!(window.record(0, 0, BAD));
        assert!(window.record(0, SECOND, GOOD));
        assert_eq!(
            window.totals(9 * SECOND),
            Totals {
                calls: 2,
                failed: 1,
                slow: 1
            }
        );
        // The first second is more than ten slices old, the next one still counts.
        assert_eq!(
            window.totals(10 * SECOND),
            Totals {
                calls: 1,
                failed: 0,
                slow: 0
            }
        );
        assert_eq!(window.totals(11 * SECOND), Totals::default());
    }

    #[test]
    fn a_record_of_an_earlier_epoch_bounces() {
        let window = ten_seconds();
        assert!(window.record(0, 0, BAD));
        window.clear(1);
        assert!(!window.record(0, 0, BAD));
        assert_eq!(window.totals(0), Totals::default());
        assert!(window.record(1, 0, GOOD));
        assert_eq!(window.totals(0).calls, 1);
    }

    #[test]
    fn a_shard_made_after_a_clear_is_of_the_new_epoch() {
        let window = ten_seconds();
        window.clear(9);
        assert!(window.record(9, 0, GOOD));
    }

    #[test]
    fn a_full_slot_keeps_its_rate() {
        let full = Slot(Slot::empty(1, 1).0 | u64::from(Slot::FULL) << Slot::CALLS | 7);
        assert_eq!(full.plus(true).0, full.0);
    }

    #[test]
    fn threads_lose_nothing_while_slots_change_hands() {
        let window = ten_seconds();
        for turn in 0..40 {
            let now = turn * 16 * SECOND;
            thread::scope(|scope| {
                for _ in 0..12 {
                    scope.spawn(|| (0..500).for_each(|_| assert!(window.record(0, now, BAD))));
                }
            });
            assert_eq!(
                window.totals(now),
                Totals {
                    calls: 6_000,
                    failed: 6_000,
                    slow: 6_000
                }
            );
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_list_of_all_calls(steps in vec((0..40 * SECOND / 10, any::<bool>(), any::<bool>()), 0..200)) {
            let window = ten_seconds();
            let (mut now, mut calls) = (0, Vec::new());
            for (pause, failed, slow) in steps {
                now += pause;
                calls.push((now / SECOND, failed, slow));
                let outcome = Outcome { failed, slow };
                prop_assert!(window.record(0, now, outcome));
                let recent = || calls.iter().filter(|(second, ..)| now / SECOND - second < 10);
                let totals = Totals {
                    calls: recent().count() as u32,
                    failed: recent().filter(|(_, failed, _)| *failed).count() as u32,
                    slow: recent().filter(|(.., slow)| *slow).count() as u32,
                };
                prop_assert_eq!(window.totals(now), totals);
            }
        }
    }
}
