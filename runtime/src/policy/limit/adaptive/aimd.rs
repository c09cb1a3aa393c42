//! Additive increase, multiplicative decrease: one more each window, a tenth less when calls were dropped. Chiu and
//! Jain 1989; the ratio and the timeout are those of Netflix' concurrency-limits.

use super::window::Seen;

/// A latency that counts as a drop, in seconds.
const TIMEOUT: f64 = 5.0;

pub(super) fn next(limit: f64, seen: &Seen, backoff_ratio: f64) -> f64 {
    if seen.dropped > 0.0 || seen.latency > TIMEOUT {
        limit * backoff_ratio
    } else {
        limit + 1.0
    }
}
