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
    /// The length of a slice in nanoseconds; 0 while the window is not used.
    slice: AtomicU64,
    shards: Shards<Slots>,
    /// The epoch of shards yet to be made; held while one is made and while all are cleared.
    epoch: Mutex<u32>,
}

#[derive(Debug)]
struct Slots {
    /// Calls and failures.
    results: [AtomicU64; SLOTS],
    /// The slow calls, written by them only.
    slow: [AtomicU64; SLOTS],
    /// The calls that were given up, written by them only.
    abandoned: [AtomicU64; SLOTS],
}

/// `epoch: 8 | slice: 16 | calls: 20 | marked: 20`
#[derive(Clone, Copy)]
struct Slot(u64);

// === TimeWindow ===

impl TimeWindow {
    /// A window that is not used yet.
    pub(super) fn new() -> Self {
        Self {
            slice: AtomicU64::new(0),
            shards: Shards::new(),
            epoch: Mutex::new(0),
        }
    }

    /// The slice that `now` is in; none while the window is not used.
    #[inline]
    pub(super) fn slice(&self, now: u64) -> Option<u64> {
        now.checked_div(self.slice.load(Relaxed))
    }

    pub(super) fn resize(&self, size: Duration) {
        let nanos = u64::try_from(size.as_nanos()).unwrap_or(u64::MAX);
        self.slice.store((nanos / SLICES).max(1), Relaxed);
    }

    /// Stops being used.
    pub(super) fn leave(&self) {
        self.slice.store(0, Relaxed);
    }

    #[inline]
    pub(super) fn record(&self, epoch: u32, slice: u64, outcome: Outcome) -> bool {
        let slots = self.shards.existing().unwrap_or_else(|| self.first_use());
        let recorded = add(&slots.results, epoch, slice, outcome.failed);
        if recorded && outcome.slow {
            return add(&slots.slow, epoch, slice, true);
        }
        recorded
    }

    pub(super) fn abandon(&self, epoch: u32, slice: u64) {
        let slots = self.shards.existing().unwrap_or_else(|| self.first_use());
        add(&slots.abandoned, epoch, slice, true);
    }

    pub(super) fn totals(&self, current: u64) -> Totals {
        let mut totals = Totals::default();
        for slots in self.shards.iter() {
            let (calls, failed) = sum(&slots.results, current);
            totals.calls = totals.calls.saturating_add(calls);
            totals.failed = totals.failed.saturating_add(failed);
            totals.slow = totals.slow.saturating_add(sum(&slots.slow, current).1);
            let abandoned = sum(&slots.abandoned, current).1;
            totals.abandoned = totals.abandoned.saturating_add(abandoned);
        }
        totals
    }

    pub(super) fn clear(&self, epoch: u32) {
        let mut current = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *current = epoch;
        for slots in self.shards.iter() {
            let rare = slots.slow.iter().chain(&slots.abandoned);
            for slot in slots.results.iter().chain(rare) {
                // Taken in turn with whoever is recording, and never before what it recorded.
                slot.swap(Slot::empty(epoch, 0).0, Relaxed);
            }
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.slice.load(Relaxed).saturating_mul(SLICES).max(1)
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

/// The calls of the slices that count, and those of them that are marked.
fn sum(slots: &[AtomicU64; SLOTS], current: u64) -> (u32, u32) {
    let slots = slots.iter().map(|slot| Slot(slot.load(Relaxed)));
    slots
        .filter(|slot| slot.is_within(current))
        .fold((0, 0), |(calls, marked), slot| {
            (calls + slot.calls(), marked + slot.marked())
        })
}

// === Slots ===

impl Slots {
    fn new(epoch: u32) -> Self {
        let empty = || array::from_fn(|_| AtomicU64::new(Slot::empty(epoch, 0).0));
        Self {
            results: empty(),
            slow: empty(),
            abandoned: empty(),
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
        let window = TimeWindow::new();
        window.resize(Duration::from_secs(10));
        window
    }

    #[test]
    fn slides_in_tenths() {
        let window = ten_seconds();
        assert!(window.record(0, 0, BAD));
        assert!(window.record(0, 1, GOOD));
        assert_eq!(
            window.totals(9),
            Totals {
                calls: 2,
                failed: 1,
                slow: 1,
                abandoned: 0
            }
        );
        // The first second is more than ten slices old, the next one still counts.
        assert_eq!(
            window.totals(10),
            Totals {
                calls: 1,
                failed: 0,
                slow: 0,
                abandoned: 0
            }
        );
        assert_eq!(window.totals(11), Totals::default());
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
            let slice = turn * 16;
            thread::scope(|scope| {
                for _ in 0..12 {
                    scope.spawn(|| (0..500).for_each(|_| assert!(window.record(0, slice, BAD))));
                }
            });
            assert_eq!(
                window.totals(slice),
                Totals {
                    calls: 6_000,
                    failed: 6_000,
                    slow: 6_000,
                    abandoned: 0
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
                let second = now / SECOND;
                prop_assert_eq!(window.slice(now), Some(second));
                calls.push((second, failed, slow));
                let outcome = Outcome { failed, slow };
                match failed && slow {
                    true => window.abandon(0, second),
                    false => prop_assert!(window.record(0, second, outcome)),
                }
                let recent = |pick: fn(bool, bool) -> bool| {
                    let recent = calls.iter().filter(|call| second - call.0 < 10);
                    recent.filter(|(_, failed, slow)| pick(*failed, *slow)).count() as u32
                };
                let totals = Totals {
                    calls: recent(|failed, slow| !(failed && slow)),
                    failed: recent(|failed, slow| failed && !slow),
                    slow: recent(|failed, slow| slow && !failed),
                    abandoned: recent(|failed, slow| failed && slow),
                };
                prop_assert_eq!(window.totals(second), totals);
            }
        }
    }
}
