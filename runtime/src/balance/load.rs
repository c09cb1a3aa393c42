//! How busy an endpoint is: the calls under way there, and how long it took lately, with a long memory for slowness.
//!
//! Peak EWMA, as in Finagle: an answer that takes longer than the average moves it there at once, and a quicker one moves it only slowly
//! down. What an endpoint costs is that time, for each call that would be under way. Unlike there, endpoints whose times are alike are
//! told apart by their calls alone: by chance, one has the higher peak for seconds, and would get next to nothing.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// How long a slow answer is remembered: after this time, a third of it is left.
const MEMORY: f64 = 10e9;

/// What an endpoint with calls under way costs of which none has ever come back, in nanoseconds: more than any that answers.
const UNKNOWN: f64 = 1e12;

/// Times are alike that differ by no more than this factor.
const ALIKE: f64 = 2.0;

/// What one more call would cost at an endpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// The time that it would take there, in nanoseconds.
    time: f64,
    /// The calls that would be under way, for each unit of weight.
    calls: f64,
}

/// How long an answer is taken to be at an endpoint that has only ever refused.
const UNANSWERED: Duration = Duration::from_secs(1);

/// The longest silence that counts, in nanoseconds: who is slow by nature comes back.
const LONGEST: f64 = 10e9;

/// The load of one endpoint, as far as this client sees it.
#[derive(Debug)]
pub(super) struct Load {
    origin: Instant,
    under_way: AtomicU32,
    /// Those of them that nothing has come back for yet.
    unheard: AtomicU32,
    /// Since when there are such, in nanoseconds since the origin.
    since: AtomicU64,
    /// Nanoseconds, as the bits of a float; 0 while nothing came back. Two answers at once may lose one of them, which
    /// is one sample of many.
    average: AtomicU64,
    /// When that was, in nanoseconds since the origin.
    at: AtomicU64,
}

impl Load {
    /// Nothing is under way, and nothing is known.
    pub(super) fn new(origin: Instant) -> Self {
        Self {
            origin,
            under_way: AtomicU32::new(0),
            unheard: AtomicU32::new(0),
            since: AtomicU64::new(0),
            average: AtomicU64::new(0),
            at: AtomicU64::new(0),
        }
    }

    /// A call begins.
    pub(super) fn begin(&self) {
        self.under_way.fetch_add(1, Relaxed);
    }

    /// A call begins to wait for its answer.
    pub(super) fn wait(&self, now: Instant) {
        if self.unheard.fetch_add(1, Relaxed) == 0 {
            self.since.store(self.nanos(now), Relaxed);
        }
    }

    /// Something came back for a call, or it was given up.
    pub(super) fn heard(&self) {
        self.unheard.fetch_sub(1, Relaxed);
    }

    /// A call is over.
    pub(super) fn end(&self) {
        self.under_way.fetch_sub(1, Relaxed);
    }

    /// Calls under way.
    pub(super) fn under_way(&self) -> u32 {
        self.under_way.load(Relaxed)
    }

    /// An answer took so long.
    pub(super) fn took(&self, time: Duration, now: Instant) {
        let time = time.as_nanos() as f64;
        let average = f64::from_bits(self.average.load(Relaxed));
        let next = if time > average {
            time
        } else {
            let kept = self.kept(now);
            average * kept + time * (1.0 - kept)
        };
        self.average.store(next.to_bits(), Relaxed);
        self.at.store(self.nanos(now), Relaxed);
    }

    /// A call was given up after so long, without an answer: only slowness can be learned from that.
    pub(super) fn took_at_least(&self, time: Duration, now: Instant) {
        let average = f64::from_bits(self.average.load(Relaxed));
        let time = match average {
            // Nobody knows yet how long an answer takes there.
            0.0 => time.max(UNANSWERED),
            _ => time,
        };
        if time.as_nanos() as f64 > average * self.kept(now) {
            self.took(time, now);
        }
    }

    /// What one more call would cost here, where this much of the load is to be had.
    pub(super) fn cost(&self, now: Instant, weight: f64) -> Cost {
        let under_way = self.under_way();
        let average = f64::from_bits(self.average.load(Relaxed));
        let time = match average {
            0.0 if under_way > 0 => UNKNOWN,
            average => (average * self.kept(now)).max(self.silence(now)),
        };
        Cost {
            time,
            calls: (f64::from(under_way) + 1.0) / weight,
        }
    }

    /// How long nothing has come back, while something should: so long a call takes there at least.
    fn silence(&self, now: Instant) -> f64 {
        if self.unheard.load(Relaxed) == 0 {
            return 0.0;
        }
        let last = self.since.load(Relaxed).max(self.at.load(Relaxed));
        (self.nanos(now).saturating_sub(last) as f64).min(LONGEST)
    }

    /// The part of the average that counts by now.
    fn kept(&self, now: Instant) -> f64 {
        let passed = self.nanos(now).saturating_sub(self.at.load(Relaxed));
        (-(passed as f64) / MEMORY).exp()
    }

    fn nanos(&self, at: Instant) -> u64 {
        let passed = at.saturating_duration_since(self.origin);
        u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX)
    }
}

// === Cost ===

impl Cost {
    /// Whether a call may as well go here as there.
    pub(super) fn is_no_more_than(self, there: Self) -> bool {
        let alike = self.time <= there.time * ALIKE && there.time <= self.time * ALIKE;
        match alike {
            true => self.calls <= there.calls,
            false => self.time * self.calls <= there.time * there.calls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const MS: Duration = Duration::from_millis(1);

    /// What a call costs there, in milliseconds.
    fn millis(load: &Load, now: Instant) -> f64 {
        let cost = load.cost(now, 1.0);
        (cost.time * cost.calls / 1e6 * 1e3).round() / 1e3
    }

    #[test]
    fn slowness_is_seen_at_once_and_forgotten_slowly() {
        let start = clock::now();
        let load = Load::new(start);
        load.took(MS, start);
        load.took(100 * MS, start);
        assert_eq!(millis(&load, start), 100.0, "at once");
        load.took(MS, start + 100 * MS);
        assert!(millis(&load, start + 100 * MS) > 90.0, "one quick answer");
        assert!(millis(&load, start + 60_000 * MS) < 1.0, "a minute later");
    }

    #[test]
    fn calls_under_way_count_as_often_as_they_are() {
        let start = clock::now();
        let load = Load::new(start);
        load.took(MS, start);
        load.begin();
        load.begin();
        assert_eq!(millis(&load, start), 3.0);
        load.end();
        assert_eq!(millis(&load, start), 2.0);
    }

    #[test]
    fn who_never_answered_gets_one_call_and_no_second() {
        let start = clock::now();
        let (new, known) = (Load::new(start), Load::new(start));
        known.took(100 * MS, start);
        let chosen = || new.cost(start, 1.0).is_no_more_than(known.cost(start, 1.0));
        assert!(chosen());
        new.begin();
        assert!(!chosen());
    }

    #[test]
    fn of_two_that_are_about_as_fast_the_less_busy_one_is_chosen() {
        let start = clock::now();
        let (one, other) = (Load::new(start), Load::new(start));
        one.took(15 * MS, start);
        other.took(10 * MS, start);
        let chosen = || one.cost(start, 1.0).is_no_more_than(other.cost(start, 1.0));
        assert!(chosen(), "alike, and neither is busy");
        one.begin();
        assert!(!chosen());
        assert!(
            one.cost(start, 2.0).is_no_more_than(other.cost(start, 1.0)),
            "it is twice as large"
        );
        one.end();
        one.took(25 * MS, start);
        assert!(!chosen(), "too slow");
    }

    #[test]
    fn silence_counts_before_anybody_gave_up() {
        let start = clock::now();
        let load = Load::new(start);
        load.took(MS, start);
        load.begin();
        load.wait(start + MS);
        assert_eq!(millis(&load, start + 101 * MS), 200.0, "100 ms, twice");
        load.heard();
        assert!(
            millis(&load, start + 101 * MS) < 2.1,
            "a stream that goes on"
        );
        load.begin();
        load.wait(start + 101 * MS);
        assert!(millis(&load, start + 101 * MS) < 3.1, "from now on");
    }
}
