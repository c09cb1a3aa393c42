//! How a saga goes back.

use std::time::Duration;

use crate::policy::backoff::Backoff;

/// How a saga goes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// What becomes of a step in doubt. Default: it is compensated.
    pub on_ambiguous: OnAmbiguous,
    /// How long each compensation is tried, however long its caller still waits. Default: 30 s.
    pub compensation_deadline: Duration,
    /// How long one try of a compensation may take, so that one that hangs leaves time for others; what is left of
    /// `compensation_deadline` bounds it too. Default: 5 s.
    pub try_timeout: Duration,
    /// The waits between two tries. Default: 50 ms, twice as long each time up to 1 s, ± 20 % (gRFC A6's shape).
    pub backoff: Backoff,
}

/// What becomes of a step of which nobody knows whether it ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnAmbiguous {
    /// It is taken back like one that ran. A compensation has to bear that there is nothing to take back.
    #[default]
    Compensate,
    /// It is left as it is, and reported.
    Leave,
}

/// Settings that would leave no time for a compensation, or never wait between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No time at all.
    #[error("`compensation_deadline` is zero; the default is 30 s")]
    NoTime,
    /// No time for a try.
    #[error("`try_timeout` is zero; the default is 5 s")]
    NoTry,
    /// Tries without a pause would be an attack on the one that they should reach.
    #[error("`backoff.initial` or `backoff.max` is zero; the defaults are 50 ms and 1 s")]
    NoPause,
    /// Numbers that are none, or that make waits shrink.
    #[error("`backoff.multiplier` is below 1 or no number, or `backoff.jitter` is not from 0 to 1")]
    Shape,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            on_ambiguous: OnAmbiguous::Compensate,
            compensation_deadline: Duration::from_secs(30),
            try_timeout: Duration::from_secs(5),
            backoff: Backoff {
                initial: Duration::from_millis(50),
                multiplier: 2.0,
                max: Duration::from_secs(1),
                jitter: 0.2,
            },
        }
    }
}

impl Config {
    /// Whether these settings make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let Backoff {
            initial,
            multiplier,
            max,
            jitter,
        } = self.backoff;
        if self.compensation_deadline.is_zero() {
            Err(ConfigError::NoTime)
        } else if self.try_timeout.is_zero() {
            Err(ConfigError::NoTry)
        } else if initial.is_zero() || max.is_zero() {
            Err(ConfigError::NoPause)
        } else if !(multiplier >= 1.0 && (0.0..=1.0).contains(&jitter)) {
            Err(ConfigError::Shape)
        } else {
            Ok(())
        }
    }
}
