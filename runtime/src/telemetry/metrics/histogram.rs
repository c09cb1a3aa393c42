//! A histogram of fixed size that many threads add to without a lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use metrics::HistogramFn;

/// The upper bounds of the buckets, in seconds: those that OpenTelemetry advises for durations, and two below them for
/// calls within a machine.
pub(super) const BOUNDS: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    10.0,
];

/// How many values were in each bucket, and their sum.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    /// The last is for what is above all bounds.
    counts: [AtomicU64; BOUNDS.len() + 1],
    /// The bits of the sum.
    sum: AtomicU64,
}

impl Buckets {
    /// How many values were not above each bound, those above all of them at the end, and the sum of all.
    pub(super) fn cumulated(&self) -> (Vec<u64>, f64) {
        let mut below = 0;
        let counts = self.counts.iter().map(|count| {
            below += count.load(Relaxed);
            below
        });
        (counts.collect(), f64::from_bits(self.sum.load(Relaxed)))
    }
}

impl HistogramFn for Buckets {
    fn record(&self, value: f64) {
        let bucket = BOUNDS.partition_point(|bound| *bound < value);
        self.counts[bucket].fetch_add(1, Relaxed);
        let add = |sum| Some((f64::from_bits(sum) + value).to_bits());
        // It never gives up: the closure always has a next value.
        let _ = self.sum.fetch_update(Relaxed, Relaxed, add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_the_bucket_whose_bound_it_reaches_and_in_all_above() {
        let buckets = Buckets::default();
        for value in [0.0, 0.0005, 0.0006, 10.0, 11.0] {
            buckets.record(value);
        }
        let (counts, sum) = buckets.cumulated();
        assert_eq!((counts[0], counts[1], counts[14]), (2, 3, 3));
        assert_eq!((counts[15], counts[16]), (4, 5));
        assert!((sum - 21.0011).abs() < 1e-9, "{sum}");
    }
}
