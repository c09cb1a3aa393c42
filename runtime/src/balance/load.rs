//! How busy an endpoint is: the calls under way there, and how long it took lately, with a long memory for slowness.
//!
//! Peak EWMA, as in Finagle: an answer that takes longer than the average moves it there at once, and a quicker one moves it only slowly
//! down. What an endpoint costs is that time, for each call that would be under way.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// How long a slow answer is remembered: after this time, a third of it is left.
const MEMORY: f64 = 10e9;

/// What an endpoint with calls under way costs of which none has ever come back, in nanoseconds: more than any that answers.
const UNKNOWN: f64 = 1e12;

/// The load of one endpoint, as far as this client sees it.
#[derive(Debug)]
pub(super) struct Load {
    origin: Instant,
    under_way: AtomicU32,
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
            average: AtomicU64::new(0),
            at: AtomicU64::new(0),
        }
    }

    /// A call begins.
    pub(super) fn begin(&self) {
        self.under_way.fetch_add(1, Relaxed);
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
        let average = f64::from_bits(self.average.load(Relaxed)) * self.kept(now);
        if time.as_nanos() as f64 > average {
            self.took(time, now);
        }
    }

    /// What one more call would cost here: nanoseconds, to be compared and not to be believed.
    pub(super) fn cost(&self, now: Instant) -> f64 {
        let under_way = f64::from(self.under_way());
        let average = f64::from_bits(self.average.load(Relaxed)) * self.kept(now);
        if average == 0.0 && under_way > 0.0 {
            return UNKNOWN * under_way;
        }
        average * (under_way + 1.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn slowness_is_seen_at_once_and_forgotten_slowly() {
        let start = Instant::now();
        let load = Load::new(start);
        load.took(MS, start);
        load.took(100 * MS, start);
        assert!((load.cost(start) - 100e6).abs() < 1.0, "at once");
        load.took(MS, start + 100 * MS);
        assert!(load.cost(start + 100 * MS) > 90e6, "one quick answer");
        assert!(load.cost(start + 60_000 * MS) < 1e6, "a minute later");
    }

    #[test]
    fn calls_under_way_count_as_often_as_they_are() {
        let start = Instant::now();
        let load = Load::new(start);
        load.took(MS, start);
        load.begin();
        load.begin();
        assert!((load.cost(start) - 3e6).abs() < 1.0);
        load.end();
        assert!((load.cost(start) - 2e6).abs() < 1.0);
    }

    #[test]
    fn who_never_answered_gets_one_call_and_no_second() {
        let start = Instant::now();
        let (new, known) = (Load::new(start), Load::new(start));
        known.took(100 * MS, start);
        assert!(new.cost(start) < known.cost(start));
        new.begin();
        assert!(new.cost(start) > known.cost(start));
    }
}
