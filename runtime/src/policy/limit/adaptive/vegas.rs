//! The limit by the queue that the least latency ever seen lets expect, after `VegasLimit` of Netflix'
//! concurrency-limits, which follows Brakmo and Peterson, *TCP Vegas*, 1995.
//!
//! Where the latencies of a server are of two kinds, the least is the quick kind's, and the limit stays too low.

use super::window::Seen;

/// The least latency is forgotten after so many windows for each call of the limit.
const PROBE: f64 = 30.0;

#[derive(Debug, Default)]
pub(super) struct Vegas {
    /// In seconds; zero before the first.
    least: f64,
    windows: f64,
}

impl Vegas {
    pub(super) fn next(&mut self, limit: f64, seen: &Seen) -> f64 {
        self.windows += 1.0;
        if self.windows >= PROBE * limit {
            (self.windows, self.least) = (0.0, seen.latency);
            return limit;
        }
        if self.least == 0.0 || seen.latency < self.least {
            self.least = seen.latency;
            return limit;
        }
        let step = limit.log10().max(1.0);
        let (alpha, beta) = (3.0 * step, 6.0 * step);
        let queue = (limit * (1.0 - self.least / seen.latency)).ceil();
        if seen.dropped > 0.0 || queue > beta {
            limit - step
        } else if queue <= step {
            limit + beta
        } else if queue < alpha {
            limit + step
        } else {
            limit
        }
    }
}
