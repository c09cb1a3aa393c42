//! A percentile of the times in which calls were answered lately, without a lock.
//!
//! A histogram whose buckets grow with what they hold: eight for every doubling, so that an answer is right to an eighth.
//! When enough was recorded all counts are halved, so that what is old weighs less and less.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Buckets for each doubling.
const PARTS: u64 = 8;
/// Up to 2³⁶ µs, which is nineteen hours.
const BUCKETS: usize = 34 * PARTS as usize;
/// So many times must have been recorded before there is an answer.
const LEAST: u32 = 100;
/// When so many times are counted, all counts are halved.
const MANY: u32 = 4_096;
/// The answer is looked for anew after so many times.
const STEP: u32 = 32;
/// The shortest answer. Below it a copy would nearly always be in vain.
const SHORTEST: Duration = Duration::from_millis(1);

/// The times of the calls of one method, and one percentile of them.
#[derive(Debug)]
pub struct Percentile {
    counts: Box<[AtomicU32]>,
    total: AtomicU32,
    /// The last answer, in microseconds; zero while there is none.
    answer: AtomicU64,
    /// For which percentile, as the bits of the number.
    of: AtomicU32,
}

impl Default for Percentile {
    fn default() -> Self {
        Self {
            counts: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect(),
            total: AtomicU32::new(0),
            answer: AtomicU64::new(0),
            of: AtomicU32::new(0),
        }
    }
}

impl Percentile {
    /// Records how long a call took to be answered.
    pub fn record(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(micros)].fetch_add(1, Relaxed);
        let total = self.total.fetch_add(1, Relaxed) + 1;
        if total.is_multiple_of(STEP) {
            self.answer.store(0, Relaxed);
        }
        // Whoever counts up to it halves; the others go on, and a few of their counts are halved or not.
        if total == MANY {
            self.halve();
        }
    }

    /// The time that `percent` of the calls did not take longer than, at least 1 ms; none before a hundred were recorded.
    pub fn get(&self, percent: f32) -> Option<Duration> {
        let known = self.answer.load(Relaxed);
        if known != 0 && self.of.load(Relaxed) == percent.to_bits() {
            return Some(Duration::from_micros(known));
        }
        let found = self.find(percent)?;
        self.of.store(percent.to_bits(), Relaxed);
        let micros = u64::try_from(found.as_micros()).unwrap_or(u64::MAX);
        self.answer.store(micros, Relaxed);
        Some(found)
    }

    fn find(&self, percent: f32) -> Option<Duration> {
        let counts = || self.counts.iter().map(|count| count.load(Relaxed));
        let total: u32 = counts().sum();
        if total < LEAST {
            return None;
        }
        let below = f64::from(total) * f64::from(percent) / 100.0;
        let mut seen = 0_u32;
        let last = counts().position(|count| {
            seen += count;
            f64::from(seen) >= below
        });
        let last = last.unwrap_or(BUCKETS - 1);
        Some(Duration::from_micros(end(last)).max(SHORTEST))
    }

    fn halve(&self) {
        let mut total = 0;
        for count in &self.counts {
            let half = count.load(Relaxed) / 2;
            count.store(half, Relaxed);
            total += half;
        }
        self.total.store(total, Relaxed);
    }
}

/// Which bucket a time is counted in.
fn bucket(micros: u64) -> usize {
    let doubling = u64::from(micros.max(PARTS).ilog2()) - 3;
    usize::try_from(PARTS * doubling + (micros >> doubling))
        .unwrap_or(BUCKETS)
        .min(BUCKETS - 1)
}

/// The longest time that is counted in a bucket, in microseconds.
fn end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let doubling = (bucket / PARTS).saturating_sub(1);
    ((bucket - PARTS * doubling + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hundred_times_make_an_answer_that_is_right_to_an_eighth() {
        let percentile = Percentile::default();
        for millis in 1..=99 {
            percentile.record(Duration::from_millis(millis));
            assert_eq!(percentile.get(95.0), None);
        }
        percentile.record(Duration::from_millis(100));
        let found = percentile.get(95.0).unwrap().as_secs_f64();
        assert!((0.095..0.107).contains(&found), "{found}");
        let half = percentile.get(50.0).unwrap().as_secs_f64();
        assert!((0.050..0.057).contains(&half), "{half}");
    }

    #[test]
    fn it_is_never_below_a_millisecond() {
        let percentile = Percentile::default();
        for _ in 0..100 {
            percentile.record(Duration::from_micros(20));
        }
        assert_eq!(percentile.get(99.0), Some(Duration::from_millis(1)));
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let percentile = Percentile::default();
        let calls = |count: u32, millis| {
            for _ in 0..count {
                percentile.record(Duration::from_millis(millis));
            }
        };
        calls(20_000, 500);
        assert!(percentile.get(95.0).unwrap() >= Duration::from_millis(500));
        calls(20_000, 5);
        assert!(percentile.get(95.0).unwrap() < Duration::from_millis(6));
    }

    #[test]
    fn between_two_looks_the_answer_stays_for_whoever_asks_for_the_same() {
        let percentile = Percentile::default();
        let calls = |count: u32, millis| {
            for _ in 0..count {
                percentile.record(Duration::from_millis(millis));
            }
        };
        calls(100, 1);
        let before = percentile.get(100.0).unwrap();
        calls(27, 500);
        assert_eq!(percentile.get(100.0), Some(before));
        // The 128th is the end of a step of 32.
        calls(1, 500);
        let slow = percentile.get(100.0).unwrap();
        assert!(slow >= Duration::from_millis(500));
        assert_eq!(percentile.get(50.0), Some(before));
        assert_eq!(percentile.get(100.0), Some(slow));
    }

    #[test]
    fn all_counts_are_halved_whenever_four_thousand_are_there() {
        let percentile = Percentile::default();
        let calls = |count: u32, millis| {
            for _ in 0..count {
                percentile.record(Duration::from_millis(millis));
            }
        };
        calls(4_096, 500);
        assert!(percentile.get(50.0).unwrap() >= Duration::from_millis(500));
        // Of the old ones 2,048 are left, then 1,024, and after five times 64, which are less than one in twenty.
        calls(4 * 2_048, 5);
        assert!(percentile.get(95.0).unwrap() >= Duration::from_millis(500));
        calls(2_048, 5);
        assert!(percentile.get(95.0).unwrap() < Duration::from_millis(6));
    }

    #[test]
    fn buckets_follow_each_other_and_the_last_takes_all_that_is_longer() {
        for micros in 0..16 {
            assert_eq!(end(bucket(micros)), micros);
        }
        for at in 0..BUCKETS - 1 {
            assert_eq!((bucket(end(at)), bucket(end(at) + 1)), (at, at + 1));
        }
        let percentile = Percentile::default();
        for _ in 0..100 {
            percentile.record(Duration::MAX);
        }
        let longest = Some(Duration::from_micros(end(BUCKETS - 1)));
        assert_eq!(percentile.get(50.0), longest);
        assert_eq!(percentile.get(101.0), longest, "more than all of them");
    }

    proptest! {
        #[test]
        fn every_time_is_in_a_bucket_that_ends_at_most_an_eighth_later(micros in 0_u64..1 << 36) {
            let end = end(bucket(micros));
            prop_assert!(end >= micros && end - micros <= micros / 8, "{} in {}", micros, end);
        }
    }
}
