//! How many calls under way are slow already: a peer that hangs answers nothing, and would never be seen to be slow.
//!
//! Calls are counted by the eighth of the threshold in which they began, each thread in its own sixteen slots, and
//! taken away when they end. What a slot still holds when it is needed again is older than that, and is moved to a count
//! of the late. Nothing is done where there is no threshold.
//!
//! Every change of state, and of the threshold, begins an *epoch*: calls of an earlier one are counted no longer, and
//! a slot of an earlier one is as good as empty. A call counts as late between the threshold and 9/8 of it.

use std::array;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use super::shards::Shards;
use crate::policy::sync::AtomicU64;

const SLOTS: usize = 16;
/// Slots to a threshold.
const PARTS: u64 = 8;
const NEVER: u64 = u64::MAX;

/// The calls under way.
#[derive(Debug)]
pub(super) struct Flight {
    /// Nanoseconds.
    slow_after: AtomicU64,
    epoch: AtomicU64,
    /// The last eighth in which somebody looked for late calls.
    looked: AtomicU64,
    lanes: Shards<Lane>,
}

#[derive(Debug)]
struct Lane {
    slots: [AtomicU64; SLOTS],
    /// `epoch: 16 | calls + ZERO: 48`; for a moment a call may be taken away before it was moved here.
    late: AtomicU64,
}

/// Where a call under way is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    epoch: u16,
    lane: u16,
    tick: u32,
}

/// `epoch: 16 | tick: 24 | calls: 24`
#[derive(Clone, Copy, PartialEq, Eq)]
struct Slot(u64);

const ZERO: u64 = 1 << 40;

// === Flight ===

impl Flight {
    pub(super) fn new(threshold: Option<Duration>) -> Self {
        Self {
            slow_after: AtomicU64::new(threshold.map_or(NEVER, nanos)),
            epoch: AtomicU64::new(0),
            looked: AtomicU64::new(0),
            lanes: Shards::new(),
        }
    }

    /// Whether any call is slow.
    #[inline]
    pub(super) fn watches(&self) -> bool {
        self.slow_after.load(Relaxed) != NEVER
    }

    /// Whether a call that took this long is slow.
    #[inline]
    pub(super) fn is_slow(&self, elapsed: impl FnOnce() -> Duration) -> bool {
        let threshold = self.slow_after.load(Relaxed);
        threshold != NEVER && nanos(elapsed()) >= threshold
    }

    /// Changes the threshold. Calls under way are counted no longer until they end.
    pub(super) fn retune(&self, threshold: Option<Duration>) {
        self.slow_after
            .store(threshold.map_or(NEVER, nanos), Relaxed);
        self.begin();
    }

    /// Forgets all calls under way.
    pub(super) fn begin(&self) {
        self.epoch.fetch_add(1, Release);
    }

    /// Counts a call that begins at `now`.
    pub(super) fn enter(&self, now: u64) -> Option<Seat> {
        let tick = self.tick(now)?;
        let epoch = self.epoch();
        let (index, lane) = self.lanes.mine_at(Lane::new);
        let slot = &lane.slots[tick as usize % SLOTS];
        let mut seen = Slot(slot.load(Relaxed));
        loop {
            let next = if seen.epoch() != epoch {
                // Of a later epoch or an earlier one: only the earlier makes way.
                if self.epoch() != epoch {
                    return None;
                }
                Slot::new(epoch, tick)
            } else if tick.age(seen.tick()) > 0 {
                Slot::new(epoch, tick)
            } else {
                // A clock that is read before it is used may be a little behind.
                seen
            };
            let next = next.plus()?;
            match slot.compare_exchange_weak(seen.0, next.0, Relaxed, Relaxed) {
                Ok(_) => {
                    if seen.epoch() == epoch && seen.tick() != next.tick() {
                        lane.move_late(epoch, i64::from(seen.calls()), || self.epoch());
                    }
                    return Some(Seat {
                        epoch,
                        lane: index as u16,
                        tick: next.tick(),
                    });
                }
                Err(newer) => seen = Slot(newer),
            }
        }
    }

    /// Takes a call away that has ended.
    pub(super) fn leave(&self, seat: Seat) {
        let Some(lane) = self.lanes.at(seat.lane.into()) else {
            return;
        };
        let slot = &lane.slots[seat.tick as usize % SLOTS];
        let mut seen = Slot(slot.load(Relaxed));
        while seen.epoch() == seat.epoch {
            if seen.tick() != seat.tick {
                return lane.move_late(seat.epoch, -1, || self.epoch());
            }
            match slot.compare_exchange_weak(seen.0, seen.minus().0, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(newer) => seen = Slot(newer),
            }
        }
    }

    /// Whether nobody has looked for late calls in this eighth: looking more often finds nothing new.
    pub(super) fn is_due(&self, now: u64) -> bool {
        let Some(tick) = self.tick(now) else {
            return false;
        };
        let looked = self.looked.load(Relaxed);
        looked != u64::from(tick)
            && self
                .looked
                .compare_exchange(looked, tick.into(), Relaxed, Relaxed)
                .is_ok()
    }

    /// How many calls under way are slow.
    pub(super) fn late(&self, now: u64) -> u32 {
        let Some(tick) = self.tick(now) else {
            return 0;
        };
        let epoch = self.epoch();
        let late: i64 = self.lanes.iter().map(|lane| lane.late(epoch, tick)).sum();
        u32::try_from(late.max(0)).unwrap_or(u32::MAX)
    }

    fn epoch(&self) -> u16 {
        self.epoch.load(Acquire) as u16
    }

    /// The eighth that `now` is in.
    fn tick(&self, now: u64) -> Option<u32> {
        let threshold = self.slow_after.load(Relaxed);
        let part = threshold.div_ceil(PARTS).max(1);
        (threshold != NEVER).then_some((now / part) as u32 & Slot::TICKS)
    }
}

// === Lane ===

impl Lane {
    fn new() -> Self {
        Self {
            slots: array::from_fn(|_| AtomicU64::new(0)),
            late: AtomicU64::new(ZERO),
        }
    }

    /// Adds to the late of an epoch, unless it is over.
    fn move_late(&self, epoch: u16, calls: i64, current: impl Fn() -> u16) {
        let mut seen = self.late.load(Relaxed);
        loop {
            let base = if (seen >> 48) as u16 == epoch {
                seen
            } else if current() == epoch {
                u64::from(epoch) << 48 | ZERO
            } else {
                return;
            };
            let next = base.wrapping_add_signed(calls);
            match self
                .late
                .compare_exchange_weak(seen, next, Relaxed, Relaxed)
            {
                Ok(_) => return,
                Err(newer) => seen = newer,
            }
        }
    }

    fn late(&self, epoch: u16, tick: u32) -> i64 {
        let moved = self.late.load(Relaxed);
        let moved = match (moved >> 48) as u16 == epoch {
            true => (moved & ((1 << 48) - 1)) as i64 - ZERO as i64,
            false => 0,
        };
        let slots = self.slots.iter().map(|slot| Slot(slot.load(Relaxed)));
        let late = |slot: &Slot| slot.epoch() == epoch && tick.age(slot.tick()) > PARTS as i32;
        let sitting: u32 = slots.filter(late).map(Slot::calls).sum();
        moved + i64::from(sitting)
    }
}

/// Ticks of 24 bits, which wrap.
trait Tick {
    /// How much later than `other`; negative if it is earlier.
    fn age(self, other: u32) -> i32;
}

impl Tick for u32 {
    fn age(self, other: u32) -> i32 {
        (self.wrapping_sub(other) << 8) as i32 >> 8
    }
}

// === Slot ===

impl Slot {
    const CALLS: u64 = (1 << 24) - 1;
    const TICKS: u32 = (1 << 24) - 1;

    const fn new(epoch: u16, tick: u32) -> Self {
        Self((epoch as u64) << 48 | (tick as u64) << 24)
    }

    const fn epoch(self) -> u16 {
        (self.0 >> 48) as u16
    }

    const fn tick(self) -> u32 {
        (self.0 >> 24) as u32 & Self::TICKS
    }

    const fn calls(self) -> u32 {
        (self.0 & Self::CALLS) as u32
    }

    /// One call more, if there is room for it.
    fn plus(self) -> Option<Self> {
        (self.0 & Self::CALLS < Self::CALLS).then_some(Self(self.0 + 1))
    }

    const fn minus(self) -> Self {
        Self(self.0 - (self.0 & Self::CALLS > 0) as u64)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;

    const EIGHTH: u64 = 1_000_000_000;

    fn flight() -> Flight {
        Flight::new(Some(Duration::from_secs(8)))
    }

    /// As where one thread takes a slot over while the call in it ends on another.
    #[test]
    fn a_call_that_is_taken_away_before_it_was_moved_leaves_nothing_behind() {
        let lane = Lane::new();
        for epoch in [0, 1] {
            lane.move_late(epoch, -1, || epoch);
            lane.move_late(epoch, 1, || epoch);
            assert_eq!(lane.late(epoch, 0), 0);
        }
    }

    #[test]
    fn a_call_is_late_from_nine_eighths_of_the_threshold_on_until_it_ends() {
        let flight = flight();
        let early = flight.enter(0).expect("a seat");
        let _later = flight.enter(EIGHTH).expect("a seat");
        assert_eq!(flight.late(9 * EIGHTH - 1), 0);
        assert_eq!(flight.late(9 * EIGHTH), 1);
        // Its slot is taken over long after, and it counts on.
        let _new = flight.enter(64 * EIGHTH).expect("a seat");
        assert_eq!(flight.late(64 * EIGHTH), 2);
        flight.leave(early);
        assert_eq!(flight.late(64 * EIGHTH), 1);
    }

    #[test]
    fn an_epoch_forgets_all_and_what_ends_later_takes_nothing_away() {
        let flight = flight();
        let old = flight.enter(0).expect("a seat");
        flight.begin();
        assert_eq!(flight.late(20 * EIGHTH), 0);
        let _new = flight.enter(0).expect("a seat");
        flight.leave(old);
        assert_eq!(flight.late(20 * EIGHTH), 1);
        flight.retune(None);
        assert!(!flight.watches() && flight.enter(0).is_none());
    }

    #[test]
    fn a_clock_that_is_a_little_behind_makes_nobody_late() {
        let flight = flight();
        let _ahead = flight.enter(20 * EIGHTH).expect("a seat");
        let behind = flight.enter(4 * EIGHTH).expect("a seat");
        assert_eq!(flight.late(19 * EIGHTH), 0);
        flight.leave(behind);
        assert_eq!(flight.late(40 * EIGHTH), 1);
    }

    #[test]
    fn looking_twice_in_an_eighth_finds_nothing_new() {
        let flight = flight();
        assert!(flight.is_due(EIGHTH) && !flight.is_due(EIGHTH));
        assert!(!flight.is_due(2 * EIGHTH - 1) && flight.is_due(2 * EIGHTH));
    }

    #[test]
    fn a_slot_is_never_more_than_full_nor_less_than_empty() {
        let empty = Slot::new(0, 5);
        assert_eq!(empty.minus().0, empty.0);
        assert_eq!(empty.plus().expect("room").calls(), 1);
        assert!(Slot(empty.0 | Slot::CALLS).plus().is_none());
    }

    #[test]
    fn a_threshold_of_for_ever_is_one_all_the_same() {
        assert!(Flight::new(Some(Duration::MAX)).watches());
    }

    #[test]
    fn nobody_is_lost_or_counted_twice_between_threads() {
        let flight = flight();
        thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    for turn in 0..2_000 {
                        let seat = flight.enter(turn * EIGHTH / 4).expect("a seat");
                        if turn % 100 > 0 {
                            flight.leave(seat);
                        }
                    }
                });
            }
        });
        assert_eq!(flight.late(1_000 * EIGHTH), 12 * 20);
    }

    proptest! {
        #[test]
        fn agrees_with_a_list_of_calls(steps in vec((0..3 * EIGHTH, any::<Option<Index>>()), 0..200)) {
            let flight = flight();
            let (mut now, mut calls) = (0, Vec::new());
            for (pause, end) in steps {
                now += pause;
                match end {
                    Some(index) if !calls.is_empty() => {
                        let (seat, _) = calls.swap_remove(index.index(calls.len()));
                        flight.leave(seat);
                    }
                    _ => calls.push((flight.enter(now).expect("a seat"), now)),
                }
                let late = calls.iter().filter(|(_, began)| now / EIGHTH - began / EIGHTH > 8);
                prop_assert_eq!(flight.late(now) as usize, late.count());
            }
        }
    }
}
