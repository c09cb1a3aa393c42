//! The throttle, which has no states to be stuck in: it refuses a share of the calls that follows the share that fails.
//!
//! "Site Reliability Engineering", chapter 21, with what others learned since: nothing is refused before there are
//! enough calls (aegis), never all of them (Finagle, Envoy), and one call a second is let out in any case (go-zero).
//! What is refused here counts as asked for and not accepted, so that the share that goes out is about `k` times what
//! the peer accepts.

use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::Breaker;
use super::change::{GAMMA, unit};
use super::outcome::{MANY, WHILE};
use super::state::{Outcome, Word};
use super::{Config, Totals};
use crate::policy::sync::AtomicU64;

/// Between two calls that are let out in any case, in nanoseconds.
const PASS: u64 = 1_000_000_000;

#[derive(Debug)]
pub(super) struct Throttling {
    /// The probability of a refusal, as bits.
    refusal: AtomicU64,
    /// Until when an admission does not weigh again.
    weighed_until: AtomicU64,
    random: AtomicU64,
}

// === Throttling ===

impl Throttling {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            refusal: AtomicU64::new(0),
            weighed_until: AtomicU64::new(0),
            random: AtomicU64::new(seed),
        }
    }

    pub(super) fn begin(&self) {
        self.refusal.store(0, Relaxed);
        self.weighed_until.store(0, Relaxed);
    }

    /// Whether a call may go out; one that may not is counted.
    pub(super) fn lets_out(&self, breaker: &Breaker, word: Word, at: u64) -> bool {
        // The window slides, so that what was bad is forgotten even if nothing more fails.
        if at >= self.weighed_until.load(Relaxed) {
            self.weighed_until.store(at.saturating_add(WHILE), Relaxed);
            self.weigh(breaker, at);
        }
        let refusal = f64::from_bits(self.refusal.load(Relaxed));
        if refusal <= 0.0 || self.random() >= refusal || passes(breaker, at) {
            return true;
        }
        let refused = Outcome {
            failed: true,
            slow: false,
        };
        // A refusal of an earlier generation says nothing, and nobody waits to hear so.
        let _bounced = breaker.window.record(word.generation(), at, refused);
        false
    }

    /// Sets the share that is refused by what the window holds; once in a while only, where calls are many.
    pub(super) fn weigh(&self, breaker: &Breaker, at: u64) {
        if at < breaker.unjudged_until.load(Relaxed) {
            return;
        }
        let totals = breaker.totals(at);
        if totals.calls > MANY {
            breaker
                .unjudged_until
                .store(at.saturating_add(WHILE), Relaxed);
        }
        let refusal = breaker.config.load().refusal(totals);
        self.refusal.store(refusal.to_bits(), Relaxed);
    }

    fn random(&self) -> f64 {
        unit(self.random.fetch_add(GAMMA, Relaxed))
    }
}

/// Whether it is time for the call that is let out in any case.
fn passes(breaker: &Breaker, at: u64) -> bool {
    let due = breaker.until.load(Acquire);
    let next = at.saturating_add(PASS);
    at >= due
        && breaker
            .until
            .compare_exchange(due, next, Acquire, Relaxed)
            .is_ok()
}

// === Config ===

impl Config {
    /// The probability with which a call should be refused.
    fn refusal(&self, totals: Totals) -> f64 {
        if totals.calls < self.minimum_number_of_calls {
            return 0.0;
        }
        let requests = f64::from(totals.calls);
        let accepts = requests - f64::from(totals.failed);
        let excess = requests - f64::from(self.throttle.k) * accepts;
        (excess / (requests + 1.0)).clamp(0.0, self.throttle.max.into())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::breaker;
    use super::super::{Mode, Verdict};
    use super::*;

    #[test]
    fn a_thousand_calls_are_weighed_one_by_one_and_more_once_in_a_millisecond() {
        let (breaker, now) = breaker(|config| {
            config.mode = Mode::AdaptiveThrottle;
            config.throttle.max = 1.0;
        });
        let mut permits: Vec<_> = (0..1_003).map_while(|_| breaker.admit(now).ok()).collect();
        let mut fail = |calls: usize, now| {
            let failing = permits.drain(..calls);
            failing.for_each(|permit| permit.complete(now, Verdict::Failure));
            f64::from_bits(breaker.throttle.refusal.load(Relaxed))
        };
        assert_eq!(fail(1_000, now), 1_000.0 / 1_001.0);
        assert_eq!(fail(1, now), 1_001.0 / 1_002.0);
        assert_eq!(fail(1, now), 1_001.0 / 1_002.0);
        assert_eq!(
            fail(1, now + Duration::from_nanos(WHILE)),
            1_003.0 / 1_004.0
        );
    }

    #[test]
    fn the_share_that_is_refused_is_that_of_the_book() {
        let config = Config::default();
        let refusal = |calls, failed| {
            config.refusal(Totals {
                calls,
                failed,
                ..Totals::default()
            })
        };
        assert_eq!(refusal(19, 19), 0.0, "too few calls");
        assert!(refusal(20, 20) > 0.0, "just enough");
        assert_eq!(refusal(100, 50), 0.0, "half of the calls fail");
        assert_eq!(refusal(99, 66), 0.33);
        assert_eq!(refusal(1_000, 1_000), 0.9_f32.into());
    }
}
