//! One endpoint as the calls see it: whether it may be used, and counters that calls add to without a lock.

use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::config::{Config, Outcome};
use super::gate::Streak;

const EJECTED: u64 = 1 << 63;
const REMOVED: u64 = 1 << 62;
/// The rest of the word: when the next trial may go out, in nanoseconds since the origin; 0 while the gate lets calls pass.
const SHUT: u64 = REMOVED - 1;

/// Where calls count one, in a word of two halves.
const GOOD: u64 = 1 << 32;
const BAD: u64 = 1;

/// One endpoint of a target. Held by whoever sends calls to it; when it is no longer an endpoint, nothing is counted.
#[derive(Debug)]
pub struct Endpoint {
    name: Arc<str>,
    origin: Instant,
    /// Whether it is ejected, removed, shut out: one word, so that what is usable can be counted exactly.
    word: AtomicU64,
    tally: AtomicU64,
    /// The failures in a row, and the longest such run since the last sweep.
    run: AtomicU32,
    longest: AtomicU32,
    pub(super) streak: Streak,
    pub(super) shared: Arc<Shared>,
}

/// What the endpoints of one target share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: ArcSwap<Config>,
    pub(super) counting: AtomicBool,
    pub(super) total: AtomicUsize,
    /// How many are ejected or shut out; for a moment this can be below zero, as threads add and take away.
    out: AtomicI64,
}

/// The calls of one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that succeeded.
    pub successes: u32,
    /// Calls that did not.
    pub failures: u32,
}

// === Endpoint ===

impl Endpoint {
    pub(super) fn new(name: Arc<str>, origin: Instant, seed: u64, shared: Arc<Shared>) -> Self {
        Self {
            name,
            origin,
            word: AtomicU64::new(0),
            tally: AtomicU64::new(0),
            run: AtomicU32::new(0),
            longest: AtomicU32::new(0),
            streak: Streak::new(seed),
            shared,
        }
    }

    /// The name that it was given.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether a sweep has ejected it.
    #[inline]
    pub fn is_ejected(&self) -> bool {
        self.word.load(Acquire) & EJECTED != 0
    }

    /// Whether its gate is shut. It may be due for a trial: [`admit`](Self::admit) knows.
    #[inline]
    pub fn is_shut(&self) -> bool {
        self.shut_until() != 0
    }

    /// Counts the end of a call.
    #[inline]
    pub(super) fn count(&self, outcome: Outcome) {
        if !self.shared.counting.load(Relaxed) {
            return;
        }
        match outcome {
            Outcome::Ignored => {}
            Outcome::Success => {
                self.add(GOOD);
                self.end_run();
            }
            Outcome::Declined => {
                self.add(BAD);
                self.end_run();
            }
            Outcome::Failure => {
                self.add(BAD);
                let run = self.run.fetch_add(1, Relaxed).saturating_add(1);
                self.longest.fetch_max(run, Relaxed);
            }
        }
    }

    /// Counts up to 2³¹ of a kind, and then no more.
    #[inline]
    pub(super) fn add(&self, one: u64) {
        let before = self.tally.fetch_add(one, Relaxed);
        if before & (one << 31) != 0 {
            self.tally.fetch_sub(one, Relaxed);
        }
    }

    /// Counts a call that was given up, for those who want that.
    pub(super) fn count_given_up(&self) {
        if self.shared.counting.load(Relaxed) {
            self.add(BAD);
        }
    }

    #[inline]
    fn end_run(&self) {
        // Most calls succeed after a success: they write nothing.
        if self.run.load(Relaxed) != 0 {
            self.run.store(0, Relaxed);
        }
    }

    /// Takes what was counted since the last time, and the longest run of failures. No call is lost between two sweeps.
    pub(super) fn take(&self) -> (Tally, u32) {
        let tally = self.tally.swap(0, Relaxed);
        let tally = Tally {
            successes: (tally >> 32) as u32,
            failures: tally as u32,
        };
        (tally, self.longest.swap(0, Relaxed))
    }

    /// Forgets all that was counted.
    pub(super) fn clear(&self) {
        self.end_run();
        self.take();
    }
}

// === Endpoint: what it may be used for ===

impl Endpoint {
    /// Ejects it or lets it return; either way its failures in a row have had their effect.
    pub(super) fn set_ejected(&self, ejected: bool) {
        self.end_run();
        self.change(|word| match ejected {
            true => Some(word | EJECTED),
            false => Some(word & !EJECTED),
        });
    }

    /// Takes it out of all counts, for good.
    pub(super) fn remove(&self) {
        self.change(|word| Some(word | REMOVED));
    }

    /// When the next trial may go out; 0 while calls pass.
    #[inline]
    pub(super) fn shut_until(&self) -> u64 {
        self.word.load(Acquire) & SHUT
    }

    /// Sets when the next trial may go out, if that was `from`; 0 opens the gate. Whether it was.
    pub(super) fn shut(&self, from: u64, until: u64) -> bool {
        self.change(|word| (word & SHUT == from).then_some(word & !SHUT | until & SHUT))
    }

    /// Whether it may be used without a further look.
    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.word.load(Acquire) & !REMOVED == 0
    }

    #[inline]
    pub(super) fn nanos(&self, at: Instant) -> u64 {
        nanos(at.saturating_duration_since(self.origin))
    }

    /// Changes the word, and with it the number of endpoints that are out.
    fn change(&self, change: impl Fn(u64) -> Option<u64>) -> bool {
        let changed = self.word.fetch_update(AcqRel, Acquire, &change);
        let Ok(before) = changed else {
            return false;
        };
        let after = change(before).unwrap_or(before);
        let difference = i64::from(is_out(after)) - i64::from(is_out(before));
        if difference != 0 {
            self.shared.out.fetch_add(difference, AcqRel);
        }
        true
    }
}

/// Whether an endpoint with this word is one, and cannot be used.
fn is_out(word: u64) -> bool {
    word & REMOVED == 0 && word != 0
}

/// As many as fit beside the two flags, which is a century and a half.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).map_or(SHUT, |nanos| nanos.min(SHUT))
}

// === Shared ===

impl Shared {
    pub(super) fn new(config: Config) -> Self {
        Self {
            counting: AtomicBool::new(!config.is_inert()),
            config: ArcSwap::from_pointee(config),
            total: AtomicUsize::new(0),
            out: AtomicI64::new(0),
        }
    }

    /// Whether so few endpoints can be used that all are.
    pub(super) fn panics(&self) -> bool {
        let out = u64::try_from(self.out.load(Acquire)).unwrap_or(0);
        let total = self.total.load(Acquire) as u64;
        let usable = total.saturating_sub(out);
        let threshold = u64::from(self.config.load().panic_threshold);
        out > 0 && (usable == 0 || usable * 100 < threshold * total)
    }
}

// === Tally ===

impl Tally {
    /// All calls.
    pub fn volume(self) -> u64 {
        u64::from(self.successes) + u64::from(self.failures)
    }
}
