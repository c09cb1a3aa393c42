//! What is a mistake in a [`Config`], and how it is told.

use std::time::Duration;

use thiserror::Error;

use super::{Config, Window};

/// The shortest time window: ten slices of a millisecond.
const SHORTEST_WINDOW: Duration = Duration::from_millis(10);
/// The longest count window; its evaluation is linear in the number of calls.
const LONGEST_COUNT: u32 = 65_536;

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
    /// A throttle would refuse calls of a well peer.
    #[error("`throttle.k` is {0}; it must be a number of at least 1.1")]
    K(f32),
    /// A jitter or a probability is not a fraction.
    #[error("`{name}` is {value}; it must be between 0 and 1")]
    Fraction {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: f32,
    },
}

// === Config ===

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
        at_least("throttle.window", self.throttle.window, SHORTEST_WINDOW)?;
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
        if !(1.1..=f32::MAX).contains(&self.throttle.k) {
            return Err(ConfigError::K(self.throttle.k));
        }
        fraction("open_jitter", self.open_jitter)?;
        fraction("throttle.max", self.throttle.max)
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

fn fraction(name: &'static str, value: f32) -> Result<(), ConfigError> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::Fraction { name, value })
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
        assert!(message(|config| config.open_jitter = 1.5).contains("`open_jitter` is 1.5"));
        assert!(message(|config| config.throttle.max = f32::NAN).contains("between 0 and 1"));
        assert!(message(|config| config.throttle.k = 1.0).contains("at least 1.1"));
        assert!(
            message(|config| config.wait_duration_in_open_state = Duration::ZERO).contains("0ns")
        );
    }
}
