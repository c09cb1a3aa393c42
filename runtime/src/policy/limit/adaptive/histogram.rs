//! Durations that many threads add and one sums up: a sixteenth of precision from a quarter of a microsecond to two
//! hours.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Sixteen steps from each power of two to the next.
const STEPS: u64 = 16;
/// Powers of two that are told apart.
const POWERS: u64 = 32;
/// Nanoseconds of the finest step.
const UNIT: u64 = 256;

/// Counts of durations by their size.
#[derive(Debug)]
pub(super) struct Histogram(Box<[AtomicU32]>);

/// What a histogram held when it was emptied.
#[derive(Debug)]
pub(super) struct Counts {
    counts: Vec<u32>,
    /// How many there are.
    pub(super) total: u32,
}

// === Histogram ===

impl Histogram {
    pub(super) fn new() -> Self {
        Self((0..STEPS * POWERS).map(|_| AtomicU32::new(0)).collect())
    }

    /// Adds a duration in nanoseconds.
    #[inline]
    pub(super) fn add(&self, nanos: u64) {
        self.0[step(nanos)].fetch_add(1, Relaxed);
    }

    /// How many there are.
    pub(super) fn total(&self) -> u32 {
        self.0.iter().map(|count| count.load(Relaxed)).sum()
    }

    /// Takes all of them out.
    pub(super) fn empty(&self) -> Counts {
        let counts: Vec<u32> = self.0.iter().map(|count| count.swap(0, Relaxed)).collect();
        let total = counts.iter().sum();
        Counts { counts, total }
    }
}

/// The step that a duration falls into; the last one, if it is longer than all.
#[inline]
fn step(nanos: u64) -> usize {
    let units = nanos / UNIT;
    if units < STEPS {
        return units as usize;
    }
    let power = u64::from(units.ilog2()) - u64::from(STEPS.ilog2());
    let within = (units >> power) - STEPS;
    let step = (power + 1) * STEPS + within;
    step.min(STEPS * POWERS - 1) as usize
}

/// Where a step begins, in nanoseconds.
fn start(step: usize) -> f64 {
    let (power, within) = (step as u64 / STEPS, step as u64 % STEPS);
    let units = match power {
        0 => within,
        _ => (STEPS + within) << (power - 1),
    };
    (units * UNIT) as f64
}

// === Counts ===

impl Counts {
    /// The duration, in seconds, that a share of `quantile` of all do not exceed; zero if there are none.
    pub(super) fn quantile(&self, quantile: f64) -> f64 {
        let rank = quantile * f64::from(self.total);
        let mut below = 0.0;
        for (step, count) in self
            .counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
        {
            let count = f64::from(*count);
            if below + count >= rank {
                let within = ((rank - below) / count).clamp(0.0, 1.0);
                let nanos = start(step) + within * (start(step + 1) - start(step));
                return nanos / 1e9;
            }
            below += count;
        }
        0.0
    }

    /// The mean, in seconds, of the quickest ones that make a share of `quantile` of all; zero if there are none.
    pub(super) fn mean_up_to(&self, quantile: f64) -> f64 {
        let most = quantile * f64::from(self.total);
        let (mut sum, mut taken) = (0.0, 0.0);
        for (step, count) in self
            .counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
        {
            let part = f64::from(*count).min(most - taken);
            if part <= 0.0 {
                break;
            }
            sum += part * (start(step) + start(step + 1)) / 2.0;
            taken += part;
        }
        if taken > 0.0 { sum / taken / 1e9 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hundred_durations_have_the_quantiles_that_sorting_gives() {
        let histogram = Histogram::new();
        (1..=100).for_each(|millis| histogram.add(millis * 1_000_000));
        let counts = histogram.empty();
        assert_eq!((counts.total, histogram.total()), (100, 0));
        for (quantile, millis) in [(0.5, 50.0), (0.9, 90.0), (0.99, 99.0), (1.0, 100.0)] {
            let error = counts.quantile(quantile) * 1000.0 / millis;
            assert!((0.93..1.07).contains(&error), "{quantile}: off by {error}");
        }
        assert_eq!(histogram.empty().quantile(0.9), 0.0);
    }

    proptest! {
        #[test]
        fn a_duration_is_found_again_to_a_sixteenth(nanos in 0..u64::MAX) {
            let from = start(step(nanos));
            prop_assert!(from <= nanos as f64);
            let to = start(step(nanos) + 1);
            let beyond = step(nanos) as u64 == STEPS * POWERS - 1;
            prop_assert!(beyond || (nanos as f64) < to);
            prop_assert!(to - from <= (from / STEPS as f64).max(UNIT as f64));
        }
    }
}
