//! The last so many calls, in true rings: the newest outcome takes the place of the oldest.
//!
//! Each shard of threads has a ring that is long enough for all of them, in blocks of twelve that know when they
//! began. To add up is to walk back through all rings at once, from the block that ended last to the one before it, until
//! there are enough calls. The number of calls is exact. While one shard calls, so are the calls; with more, up to eleven
//! of each shard may be older than some that were left out.
//!
//! Sixteen bits of every block are the epoch and the other 48 are its outcomes, so that a record of an earlier epoch
//! cannot slip in. Two outcomes that a shard records at once may both be read a moment later than they were counted.

use std::sync::{PoisonError, atomic::Ordering::Relaxed};

use super::Totals;
use crate::policy::breaker::shards::{Padded, SHARDS, Shards};
use crate::policy::breaker::state::Outcome;
use crate::policy::sync::{AtomicU64, Mutex};

const OUTCOMES: u64 = 12;
const EPOCH: u32 = 48;
/// The bits of one outcome.
const PRESENT: u64 = 0b001;
const FAILED: u64 = 0b010;
const SLOW: u64 = 0b100;
const OUTCOME: u64 = 0b1111;
/// One of these bits in all outcomes of a block, when multiplied with it.
const EVERY: u64 = 0x1111_1111_1111;

#[derive(Debug)]
pub(in crate::policy::breaker) struct CountWindow {
    size: u64,
    rings: Shards<Ring>,
    /// The epoch of rings yet to be made; held while one is made and while all are cleared.
    epoch: Mutex<u32>,
    /// `epoch: 32 | calls given up since the last outcome: 32`
    abandoned: Padded<AtomicU64>,
}

#[derive(Debug)]
struct Ring {
    /// How many places were given out.
    next: AtomicU64,
    /// When the newest outcome came.
    last: AtomicU64,
    blocks: Box<[Block]>,
}

#[derive(Debug)]
struct Block {
    outcomes: AtomicU64,
    began: AtomicU64,
}

/// A place in a ring, on the way back from its newest outcome.
#[derive(Clone, Copy)]
struct Walk<'a> {
    ring: &'a Ring,
    /// The place after the newest of the block at hand.
    end: u64,
    /// When the block at hand ended.
    ended: u64,
    blocks_left: usize,
}

// === CountWindow ===

impl CountWindow {
    pub(super) fn new(size: u32, epoch: u32) -> Self {
        Self {
            size: size.max(1).into(),
            rings: Shards::new(),
            epoch: Mutex::new(epoch),
            abandoned: Padded(AtomicU64::new(u64::from(epoch) << u32::BITS)),
        }
    }

    pub(super) fn record(&self, epoch: u32, now: u64, outcome: Outcome) -> bool {
        let ring = self.rings.existing().unwrap_or_else(|| self.first_use());
        let recorded = ring.record(epoch, now, outcome);
        // Read by all and written by few, so that it stays where all can read it.
        if recorded && self.abandoned.0.load(Relaxed) as u32 > 0 {
            self.abandoned
                .0
                .store(u64::from(epoch) << u32::BITS, Relaxed);
        }
        recorded
    }

    pub(super) fn abandon(&self, epoch: u32) {
        let counted = |seen: u64| ((seen >> u32::BITS) as u32 == epoch).then_some(seen + 1);
        let _bounced = self.abandoned.0.fetch_update(Relaxed, Relaxed, counted);
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            abandoned: self.abandoned.0.load(Relaxed) as u32,
            ..merge(self.rings.iter().map(Ring::walk), self.size)
        }
    }

    pub(super) fn clear(&self, epoch: u32) {
        let mut current = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *current = epoch;
        for block in self.rings.iter().flat_map(|ring| &ring.blocks) {
            // Taken in turn with whoever is recording, and never before what it recorded.
            block.outcomes.swap(empty(epoch), Relaxed);
        }
        self.abandoned
            .0
            .store(u64::from(epoch) << u32::BITS, Relaxed);
    }

    /// How many calls were recorded since the window was made.
    pub(super) fn recorded(&self) -> u64 {
        self.rings.iter().map(|ring| ring.next.load(Relaxed)).sum()
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    #[cold]
    fn first_use(&self) -> &Ring {
        let epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        self.rings.mine(|| Ring::new(self.size, *epoch))
    }
}

// === Ring ===

impl Ring {
    /// One block more than the window needs, as the newest is being written.
    fn new(size: u64, epoch: u32) -> Self {
        let block = |_| Block {
            outcomes: AtomicU64::new(empty(epoch)),
            began: AtomicU64::new(0),
        };
        Self {
            next: AtomicU64::new(0),
            last: AtomicU64::new(0),
            blocks: (0..=size.div_ceil(OUTCOMES)).map(block).collect(),
        }
    }

    fn record(&self, epoch: u32, now: u64, outcome: Outcome) -> bool {
        let place = self.next.fetch_add(1, Relaxed);
        let block = self.block(place);
        if place.is_multiple_of(OUTCOMES) {
            block.began.store(now, Relaxed);
        }
        self.last.store(now, Relaxed);
        let shift = place % OUTCOMES * 4;
        let failed = if outcome.failed { FAILED } else { 0 };
        let slow = if outcome.slow { SLOW } else { 0 };
        let written = (PRESENT | failed | slow) << shift;
        let put = |seen| {
            let current = (seen >> EPOCH) as u16 == epoch as u16;
            current.then_some(seen & !(OUTCOME << shift) | written)
        };
        block.outcomes.fetch_update(Relaxed, Relaxed, put).is_ok()
    }

    fn block(&self, place: u64) -> &Block {
        &self.blocks[(place / OUTCOMES) as usize % self.blocks.len()]
    }

    fn walk(&self) -> Walk<'_> {
        Walk {
            ring: self,
            end: self.next.load(Relaxed),
            ended: self.last.load(Relaxed),
            blocks_left: self.blocks.len(),
        }
    }
}

// === Walk ===

impl<'a> Walk<'a> {
    /// The outcomes of the block at hand, the oldest lowest, and the way on, if there is one.
    fn step(self) -> (u64, Option<Walk<'a>>) {
        let Some(newest) = self.end.checked_sub(1) else {
            return (0, None);
        };
        let block = self.ring.block(newest);
        // What is above was written a round earlier.
        let written = newest % OUTCOMES + 1;
        let outcomes = block.outcomes.load(Relaxed) & ((1 << (written * 4)) - 1);
        let further = Self {
            end: self.end - written,
            ended: block.began.load(Relaxed),
            blocks_left: self.blocks_left - 1,
            ..self
        };
        // The newest may not be written yet; any other block without outcomes was cleared, as were those before it.
        let is_newest = self.blocks_left == self.ring.blocks.len();
        let goes_on = further.blocks_left > 0 && (outcomes != 0 || is_newest);
        (outcomes, goes_on.then_some(further))
    }
}

/// The newest `size` calls of all rings.
fn merge<'a>(rings: impl Iterator<Item = Walk<'a>>, size: u64) -> Totals {
    let mut walks = [None; SHARDS];
    for (walk, ring) in walks.iter_mut().zip(rings) {
        *walk = Some(ring);
    }
    let mut totals = Totals::default();
    while u64::from(totals.calls) < size {
        let ended = |walk: &&mut Option<Walk<'_>>| walk.as_ref().map(|walk| walk.ended);
        let Some(latest) = walks.iter_mut().max_by_key(ended) else {
            break;
        };
        let Some(walk) = latest.take() else {
            break;
        };
        let (outcomes, further) = walk.step();
        *latest = further;
        totals.add(outcomes, size);
    }
    totals
}

// === Totals ===

impl Totals {
    /// Adds the outcomes of a block, the newest first, until there are `size`.
    fn add(&mut self, mut outcomes: u64, size: u64) {
        let count = |outcomes: u64, bit: u64| (outcomes & (EVERY * bit)).count_ones();
        while u64::from(self.calls + count(outcomes, PRESENT)) > size {
            let oldest = (outcomes & EVERY).trailing_zeros();
            outcomes &= !(OUTCOME << oldest);
        }
        self.calls += count(outcomes, PRESENT);
        self.failed += count(outcomes, FAILED);
        self.slow += count(outcomes, SLOW);
    }
}

const fn empty(epoch: u32) -> u64 {
    (epoch as u16 as u64) << EPOCH
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
    const GOOD: Outcome = Outcome {
        failed: false,
        slow: false,
    };

    fn totals(calls: u32, failed: u32) -> Totals {
        Totals {
            calls,
            failed,
            slow: failed,
            abandoned: 0,
        }
    }

    #[test]
    fn a_record_of_an_earlier_epoch_bounces() {
        let window = CountWindow::new(3, 0);
        assert!(window.record(0, 0, BAD));
        window.abandon(0);
        window.clear(1);
        assert!(!window.record(0, 0, BAD));
        window.abandon(0);
        assert_eq!(window.totals(), Totals::default());
    }

    #[test]
    fn what_bounces_takes_nothing_away_from_those_who_gave_up() {
        let window = CountWindow::new(3, 0);
        window.clear(1);
        window.abandon(1);
        assert!(!window.record(0, 0, BAD));
        window.abandon(1);
        assert_eq!(window.totals().abandoned, 2);
    }

    /// Two blocks of twelve places; each got one call, and after it what bounced.
    #[test]
    fn places_of_what_bounced_are_passed_over() {
        let window = CountWindow::new(12, 1);
        let bounce = |times: u64| (0..times).for_each(|now| assert!(!window.record(0, now, BAD)));
        assert!(window.record(1, 0, BAD));
        bounce(11);
        assert_eq!(window.totals(), totals(1, 1));
        bounce(1);
        assert_eq!(window.totals(), totals(1, 1), "nothing in the newest");
        bounce(11);
        assert!(window.record(1, 0, BAD));
        bounce(11);
        assert!(window.record(1, 0, BAD));
        assert_eq!(window.totals(), totals(2, 2));
    }

    #[test]
    fn threads_fill_the_rings_without_a_gap() {
        let window = CountWindow::new(100, 0);
        thread::scope(|scope| {
            for _ in 0..2 * SHARDS {
                let fill = || (0..10_000).for_each(|now| assert!(window.record(0, now, BAD)));
                scope.spawn(fill);
            }
        });
        assert_eq!(window.totals(), totals(100, 100));
        assert_eq!(window.recorded(), 2 * SHARDS as u64 * 10_000);
    }

    /// Neither what idle threads saw long ago nor what they see first after it hides what others see now.
    #[test]
    fn a_thread_that_rests_is_forgotten_as_others_call_and_heard_when_it_wakes() {
        let window = CountWindow::new(100, 0);
        let on_its_own_shard = |from: u64, calls: u64, outcome| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    (from..from + calls).for_each(|now| assert!(window.record(0, now, outcome)))
                });
            });
        };
        on_its_own_shard(0, 50, GOOD);
        on_its_own_shard(1_000, 60, BAD);
        assert_eq!(window.totals(), totals(100, 60));
        on_its_own_shard(2_000, 40, BAD);
        assert_eq!(window.totals().calls, 100);
        assert!((89..=100).contains(&window.totals().failed));
        on_its_own_shard(3_000, 5, GOOD);
        assert!(window.totals().failed <= 95);
    }

    proptest! {
        #[test]
        fn agrees_with_a_list_of_all_calls(size in 1_u32..60, calls in vec((any::<bool>(), any::<bool>()), 0..200)) {
            let window = CountWindow::new(size, 0);
            for (index, (failed, slow)) in calls.iter().copied().enumerate() {
                let outcome = Outcome { failed, slow };
                window.abandon(0);
                prop_assert_eq!(window.totals().abandoned, 1);
                prop_assert!(window.record(0, index as u64 / 3, outcome));
                let last = &calls[(index + 1).saturating_sub(size as usize)..=index];
                let totals = Totals {
                    calls: last.len() as u32,
                    failed: last.iter().filter(|(failed, _)| *failed).count() as u32,
                    slow: last.iter().filter(|(_, slow)| *slow).count() as u32,
                    abandoned: 0,
                };
                prop_assert_eq!(window.totals(), totals);
            }
        }

        /// What the head of this file promises of more than one shard.
        #[test]
        fn is_off_by_eleven_calls_for_each_shard_at_most(runs in vec((0_usize..3, 1_u64..40, any::<bool>()), 1..30)) {
            let rings: Vec<Ring> = (0..3).map(|_| Ring::new(60, 0)).collect();
            let (mut now, mut calls) = (0, Vec::new());
            for (shard, length, failed) in runs {
                for _ in 0..length {
                    now += 1;
                    let outcome = Outcome { failed, slow: false };
                    prop_assert!(rings[shard].record(0, now, outcome));
                    calls.push(failed);
                }
            }
            let merged = merge(rings.iter().map(Ring::walk), 60);
            let last = &calls[calls.len().saturating_sub(60)..];
            let failed = last.iter().filter(|failed| **failed).count() as i64;
            prop_assert_eq!(merged.calls as usize, last.len());
            prop_assert!((i64::from(merged.failed) - failed).abs() <= 33);
        }
    }
}
