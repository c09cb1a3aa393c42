//! How long to wait before the next try: longer each time, up to a limit, and never in step with everybody else.
//!
//! The algorithm and the defaults are those of gRPC's `doc/connection-backoff.md`: the nominal wait grows by
//! `multiplier` with every failure up to `max`, and jitter spreads it evenly over `[1 - jitter, 1 + jitter]` of that.
//! Nothing is remembered here: whoever waits counts its own failures and brings a random number.

use std::time::Duration;

/// The least time that one attempt to connect is given, whatever the backoff says (gRPC's `MIN_CONNECT_TIMEOUT`).
pub const MIN_CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The parameters of an exponential wait. The default is gRPC's for connections: 1 s, times 1.6, up to 120 s, ± 20 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The nominal wait after the first failure.
    pub initial: Duration,
    /// The factor from one wait to the next; at least 1 to be of use.
    pub multiplier: f64,
    /// The longest nominal wait; jitter may go beyond it.
    pub max: Duration,
    /// The fraction by which a wait may be shorter or longer than nominal, 0 to 1.
    pub jitter: f64,
}

// === Backoff ===

impl Default for Backoff {
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(1),
            multiplier: 1.6,
            max: Duration::from_secs(120),
            jitter: 0.2,
        }
    }
}

impl Backoff {
    /// The wait after `failures` earlier waits in a row (0 gives the first one).
    ///
    /// `random` is a number from `[0, 1)`; 0.5 gives the nominal wait. Never fails: parameters that make no sense
    /// (a NaN, a negative factor) give `max`.
    pub fn wait(&self, failures: u32, random: f64) -> Duration {
        let exponent = i32::try_from(failures).unwrap_or(i32::MAX);
        let nominal = self.initial.as_secs_f64() * self.multiplier.powi(exponent);
        let spread = 1.0 + self.jitter * (2.0 * random - 1.0);
        let seconds = nominal.min(self.max.as_secs_f64()) * spread;
        Duration::try_from_secs_f64(seconds).unwrap_or(self.max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_grow_as_grpc_describes_until_the_limit() {
        let backoff = Backoff::default();
        let nominal = |failures| backoff.wait(failures, 0.5).as_millis();

        assert_eq!([nominal(0), nominal(1), nominal(2)], [1_000, 1_600, 2_560]);
        // 1.6^10 is 109.95 s; one more would be beyond two minutes.
        assert_eq!(nominal(10), 109_951);
        assert_eq!(nominal(11), 120_000);
        assert_eq!(nominal(u32::MAX), 120_000);
    }

    #[test]
    fn jitter_spreads_a_wait_to_both_sides() {
        let backoff = Backoff::default();
        assert_eq!(backoff.wait(0, 0.0), Duration::from_millis(800));
        assert!(backoff.wait(0, 0.999_999) < Duration::from_millis(1_200));
        assert!(backoff.wait(0, 0.999_999) > Duration::from_millis(1_199));
    }

    #[test]
    fn senseless_parameters_give_the_longest_wait() {
        let max = Duration::from_secs(3);
        let backoff = Backoff {
            multiplier: f64::NAN,
            jitter: f64::NAN,
            max,
            ..Backoff::default()
        };
        assert_eq!(backoff.wait(4, 0.5), max);
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_jitter(failures in 0_u32..200, random in 0.0..1.0) {
            let backoff = Backoff::default();
            let (wait, nominal) = (backoff.wait(failures, random), backoff.wait(failures, 0.5));
            prop_assert!(wait >= nominal.mul_f64(0.799_999) && wait <= nominal.mul_f64(1.200_001));
        }
    }
}
