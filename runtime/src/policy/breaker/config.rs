//! What a breaker is told once: the effective value of every parameter, its default, and what is a mistake.
//!
//! Names follow resilience4j and gRPC's service config. Where a value comes from (contract, file, code) is decided before.

use std::time::Duration;

use thiserror::Error;
use tonic::Code;

use super::{CodeSet, Mode};
use crate::{call::Window, policy::backoff::Backoff};

/// The shortest time window: ten slices of a millisecond.
const SHORTEST_WINDOW: Duration = Duration::from_millis(10);
/// The longest count window; its evaluation is linear in the number of calls.
const LONGEST_COUNT: u32 = 65_536;

/// The effective parameters of one breaker.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Whether the breaker decides, observes, or is forced. Default: [`Mode::Enforce`].
    pub mode: Mode,
    /// Which calls the rates are taken over. A time of at least 10 ms slides in tenths, so that between nine and ten
    /// tenths of it count. A count of 1 to 65,536 calls is one ring that all threads share, the slower kind under
    /// load. Default: the calls of the last 10 s.
    pub sliding_window: Window,
    /// The share of failures, in percent, from which on the breaker opens; above 0, up to 100. Default: 50.
    pub failure_rate_threshold: f32,
    /// The elapsed time from which on a call counts as slow. Default: unset, no call is slow.
    pub slow_call_duration_threshold: Option<Duration>,
    /// The share of slow calls, in percent, from which on the breaker opens; above 0, up to 100. Default: 100.
    pub slow_call_rate_threshold: f32,
    /// How many calls a rate needs to mean something; at least 1. A count window shorter than this needs to be full
    /// instead. Default: 20.
    pub minimum_number_of_calls: u32,
    /// How many failures in a row open the breaker, whatever the rates; 0 is off. Default: 0.
    pub consecutive_failures: u32,
    /// The first wait before probes go out. Default: 5 s.
    pub wait_duration_in_open_state: Duration,
    /// The factor from one wait to the next while probes fail; at least 1. Default: 2.
    pub open_multiplier: f32,
    /// The longest nominal wait; a value below the first wait stands for the first wait. Default: 60 s.
    pub open_max_duration: Duration,
    /// The fraction by which a wait may be shorter or longer than nominal, 0 to 1. Default: 0.2.
    pub open_jitter: f32,
    /// How many probes decide whether to close, 1 to 255. Default: 10.
    pub permitted_number_of_calls_in_half_open_state: u32,
    /// How long probes may take before the breaker decides without them; above 0. Default: 10 s.
    pub max_wait_duration_in_half_open_state: Duration,
    /// The codes that are failures. Every other code is a success, so that `NOT_FOUND` or `PERMISSION_DENIED` never
    /// open a breaker. Default: `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `INTERNAL`, `UNKNOWN`, `DATA_LOSS`,
    /// `RESOURCE_EXHAUSTED`.
    pub failure_codes: CodeSet,
    /// The codes that say nothing about the peer; they win over `failure_codes`. Default: `CANCELLED`.
    pub ignore_codes: CodeSet,
}

/// What the outcome of a call says about the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The peer did its work, whether or not the caller likes the answer.
    Success,
    /// The peer failed.
    Failure,
    /// Nothing: neither a success nor a failure.
    Ignored,
}

/// A parameter that a breaker cannot work with.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A threshold is not a share of calls.
    #[error("`{name}` is {value}; it must be above 0 and at most 100 percent")]
    Percentage {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: f32,
    },
    /// A number of calls is out of its range.
    #[error("`{name}` is {value}; it must be between 1 and {max}")]
    Calls {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: u32,
        /// The greatest value it may have.
        max: u32,
    },
    /// A duration is too short.
    #[error("`{name}` is {value:?}; it must be at least {min:?}")]
    TooShort {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: Duration,
        /// The least value it may have.
        min: Duration,
    },
    /// A factor would make waits shorter, not longer.
    #[error("`open_multiplier` is {0}; it must be a number of at least 1")]
    Multiplier(f32),
    /// A jitter is not a fraction.
    #[error("`open_jitter` is {0}; it must be between 0 and 1")]
    Jitter(f32),
}

// === Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            sliding_window: Window::Time(Duration::from_secs(10)),
            failure_rate_threshold: 50.0,
            slow_call_duration_threshold: None,
            slow_call_rate_threshold: 100.0,
            minimum_number_of_calls: 20,
            consecutive_failures: 0,
            wait_duration_in_open_state: Duration::from_secs(5),
            open_multiplier: 2.0,
            open_max_duration: Duration::from_secs(60),
            open_jitter: 0.2,
            permitted_number_of_calls_in_half_open_state: 10,
            max_wait_duration_in_half_open_state: Duration::from_secs(10),
            failure_codes: CodeSet::of(&[
                Code::Unavailable,
                Code::DeadlineExceeded,
                Code::Internal,
                Code::Unknown,
                Code::DataLoss,
                Code::ResourceExhausted,
            ]),
            ignore_codes: CodeSet::of(&[Code::Cancelled]),
        }
    }
}

impl Config {
    /// Whether a breaker can work with these values.
    ///
    /// # Errors
    /// The first parameter that is out of its range, with its name, its value and the range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        percentage("failure_rate_threshold", self.failure_rate_threshold)?;
        percentage("slow_call_rate_threshold", self.slow_call_rate_threshold)?;
        calls(
            "minimum_number_of_calls",
            self.minimum_number_of_calls,
            u32::MAX,
        )?;
        let permitted = self.permitted_number_of_calls_in_half_open_state;
        calls(
            "permitted_number_of_calls_in_half_open_state",
            permitted,
            u8::MAX.into(),
        )?;
        match self.sliding_window {
            Window::Time(size) => at_least("sliding_window", size, SHORTEST_WINDOW)?,
            Window::Count(size) => calls("sliding_window", size, LONGEST_COUNT)?,
        }
        let least = Duration::from_nanos(1);
        at_least(
            "wait_duration_in_open_state",
            self.wait_duration_in_open_state,
            least,
        )?;
        let max_wait = self.max_wait_duration_in_half_open_state;
        at_least("max_wait_duration_in_half_open_state", max_wait, least)?;
        if let Some(slow) = self.slow_call_duration_threshold {
            at_least("slow_call_duration_threshold", slow, least)?;
        }
        if !(1.0..=f32::MAX).contains(&self.open_multiplier) {
            return Err(ConfigError::Multiplier(self.open_multiplier));
        }
        if !(0.0..=1.0).contains(&self.open_jitter) {
            return Err(ConfigError::Jitter(self.open_jitter));
        }
        Ok(())
    }

    /// What a status code says about the peer.
    pub const fn verdict(&self, code: Code) -> Verdict {
        if self.ignore_codes.contains(code) {
            Verdict::Ignored
        } else if self.failure_codes.contains(code) {
            Verdict::Failure
        } else {
            Verdict::Success
        }
    }

    /// The waits in the open state.
    pub(super) fn open_wait(&self) -> Backoff {
        Backoff {
            initial: self.wait_duration_in_open_state,
            multiplier: self.open_multiplier.into(),
            max: self.open_max_duration.max(self.wait_duration_in_open_state),
            jitter: self.open_jitter.into(),
        }
    }
}

fn percentage(name: &'static str, value: f32) -> Result<(), ConfigError> {
    let valid = value > 0.0 && value <= 100.0;
    if valid {
        Ok(())
    } else {
        Err(ConfigError::Percentage { name, value })
    }
}

fn calls(name: &'static str, value: u32, max: u32) -> Result<(), ConfigError> {
    let valid = (1..=max).contains(&value);
    if valid {
        Ok(())
    } else {
        Err(ConfigError::Calls { name, value, max })
    }
}

fn at_least(name: &'static str, value: Duration, min: Duration) -> Result<(), ConfigError> {
    if value >= min {
        Ok(())
    } else {
        Err(ConfigError::TooShort { name, value, min })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn codes_that_blame_the_caller_are_successes() {
        let config = Config::default();
        assert_eq!(config.verdict(Code::Unavailable), Verdict::Failure);
        assert_eq!(config.verdict(Code::PermissionDenied), Verdict::Success);
        assert_eq!(config.verdict(Code::NotFound), Verdict::Success);
        assert_eq!(config.verdict(Code::Cancelled), Verdict::Ignored);
    }

    #[test]
    fn an_ignored_code_wins_over_a_failure_code() {
        let config = Config {
            ignore_codes: CodeSet::of(&[Code::Unavailable]),
            ..Config::default()
        };
        assert_eq!(config.verdict(Code::Unavailable), Verdict::Ignored);
    }

    #[test]
    fn a_mistake_is_told_with_its_name_value_and_range() {
        let message = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.validate().expect_err("a mistake").to_string()
        };
        assert_eq!(
            message(|config| config.failure_rate_threshold = 120.0),
            "`failure_rate_threshold` is 120; it must be above 0 and at most 100 percent"
        );
        assert_eq!(
            message(|config| config.permitted_number_of_calls_in_half_open_state = 256),
            "`permitted_number_of_calls_in_half_open_state` is 256; it must be between 1 and 255"
        );
        assert_eq!(
            message(|config| config.sliding_window = Window::Time(Duration::from_millis(9))),
            "`sliding_window` is 9ms; it must be at least 10ms"
        );
        assert!(message(|config| config.slow_call_rate_threshold = f32::NAN).contains("NaN"));
        assert!(message(|config| config.sliding_window = Window::Count(0)).contains("1 and 65536"));
        assert!(message(|config| config.minimum_number_of_calls = 0).contains("between 1"));
        assert!(message(|config| config.open_multiplier = 0.5).contains("at least 1"));
        assert!(message(|config| config.open_jitter = 1.5).contains("between 0 and 1"));
        assert!(
            message(|config| config.wait_duration_in_open_state = Duration::ZERO).contains("0ns")
        );
    }
}
