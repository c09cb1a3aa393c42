//! The limit by the gradient of latency over its long average, after `Gradient2Limit` of Netflix' concurrency-limits.
//!
//! It knows no drops, and what it takes for the usual latency drifts up with a queue that stays.

use super::window::Seen;

/// How many windows the long average covers.
const LONG: f64 = 600.0;
/// How many times the long average the latency may be before the limit falls.
const TOLERANCE: f64 = 1.5;
/// The queue that is always allowed.
const QUEUE: f64 = 4.0;
/// How much of a step is taken at once.
const SMOOTHING: f64 = 0.2;

#[derive(Debug, Default)]
pub(super) struct Gradient2 {
    /// The average so far, in seconds, and of how many windows.
    long: f64,
    windows: f64,
}

impl Gradient2 {
    pub(super) fn next(&mut self, limit: f64, seen: &Seen) -> f64 {
        // A plain mean while there is little to average, then one that forgets.
        self.windows = (self.windows + 1.0).min(LONG / 2.0);
        self.long += (seen.latency - self.long) / self.windows;
        if self.long > 2.0 * seen.latency {
            // The load has fallen for good, and the average would take long to notice.
            self.long *= 0.95;
        }
        let gradient =
            (TOLERANCE * self.long / seen.latency.max(f64::MIN_POSITIVE)).clamp(0.5, 1.0);
        limit * (1.0 - SMOOTHING) + (limit * gradient + QUEUE) * SMOOTHING
    }
}
