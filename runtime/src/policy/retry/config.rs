//! What retries are told once: every parameter, its default, and what is a mistake. Names after gRFC A6.

use std::time::Duration;

use thiserror::Error;
use tonic::Code;

use crate::{
    call::{CodeSet, HedgingPolicy, RetryPolicy},
    policy::{backoff::Backoff, declared::take},
};

/// The effective parameters of the retries of one method.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryConfig {
    /// Attempts in all, the first one included; at least 2. A channel's cap holds on top. Default: 3.
    pub max_attempts: u32,
    /// The nominal wait before the first retry; above 0. Default: 50 ms.
    pub initial_backoff: Duration,
    /// The longest nominal wait; above 0. Default: 1 s.
    pub max_backoff: Duration,
    /// The factor from one wait to the next; above 0. Default: 2.
    pub backoff_multiplier: f32,
    /// The codes that are worth another attempt; some, and not `OK`. Default: `UNAVAILABLE`.
    pub retryable_status_codes: CodeSet,
    /// How long one attempt may wait for the head of its answer; above 0. One that waited longer is given up and counts
    /// as worth another attempt, whatever the codes. Default: none.
    pub per_attempt_recv_timeout: Option<Duration>,
    /// Whether `DEADLINE_EXCEEDED`, `INTERNAL` and `UNKNOWN`, after which the method may have run, are retried only if
    /// its contract promises that it may run twice. Default: true.
    pub retry_requires_idempotent: bool,
    /// Whether a server that is handling a repeated call leaves its own failed calls alone, so that a chain of services
    /// does not multiply its attempts. Default: true.
    pub chain_stop: bool,
}

/// The effective parameters of the hedging of one method.
#[derive(Clone, Debug, PartialEq)]
pub struct HedgingConfig {
    /// Attempts in all, the first one included; at least 2. A channel's cap holds on top. Default: 3.
    pub max_attempts: u32,
    /// The wait before the next copy is sent; 0 sends all at once. Default: 0, as gRFC A6 has it.
    pub hedging_delay: Duration,
    /// The codes after which the other copies go on, and the next one is sent at once. Default: none, every failure is
    /// fatal.
    pub non_fatal_status_codes: CodeSet,
    /// Takes the wait from this percentile of the times in which earlier calls were answered, above 0 and below 100; as
    /// long as they are too few, `hedging_delay` holds. Default: none.
    pub hedging_delay_percentile: Option<f32>,
    /// How many copies there may be for every hundred calls, above 0; ten more may come at a time. Default: 5.
    pub max_extra_load: f32,
    /// Whether a server that is handling a repeated call sends no copies of its own calls. Default: true.
    pub chain_stop: bool,
}

/// A parameter that retries or hedging cannot work with.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A number of attempts that allows none but the first.
    #[error("`max_attempts` is {0}; it must be at least 2")]
    Attempts(u32),
    /// A duration is zero.
    #[error("`{0}` is 0; it must be above 0")]
    Zero(&'static str),
    /// A factor is not one.
    #[error("`backoff_multiplier` is {0}; it must be a number above 0")]
    Multiplier(f32),
    /// No code is worth another attempt.
    #[error("`retryable_status_codes` is empty; name at least one, such as UNAVAILABLE")]
    NoCodes,
    /// Success would be tried again.
    #[error("`{0}` contains OK; success ends a call")]
    Ok(&'static str),
    /// A percentile is none.
    #[error("`hedging_delay_percentile` is {0}; it must be above 0 and below 100")]
    Percentile(f32),
    /// A load would allow no copy.
    #[error("`max_extra_load` is {0}; it must be above 0, in copies for every hundred calls")]
    Load(f32),
    /// A throttle's tokens are out of their range.
    #[error("`max_tokens` is {0}; it must be between 1 and 1000")]
    Tokens(u32),
    /// A throttle would never fill up again.
    #[error("`token_ratio` is {0}; it must be at least 0.001")]
    Ratio(f32),
}

/// The codes after which a method may have run.
const MAY_HAVE_RUN: CodeSet = CodeSet::of(&[Code::DeadlineExceeded, Code::Internal, Code::Unknown]);

// === RetryConfig ===

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            initial_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
            backoff_multiplier: 2.0,
            retryable_status_codes: CodeSet::of(&[Code::Unavailable]),
            per_attempt_recv_timeout: None,
            retry_requires_idempotent: true,
            chain_stop: true,
        }
    }
}

impl RetryConfig {
    /// Whether retries can work with these values.
    ///
    /// # Errors
    /// The first parameter that is out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.max_attempts < 2 {
            return Err(ConfigError::Attempts(self.max_attempts));
        }
        above_zero("initial_backoff", self.initial_backoff)?;
        above_zero("max_backoff", self.max_backoff)?;
        if !(self.backoff_multiplier > 0.0 && self.backoff_multiplier.is_finite()) {
            return Err(ConfigError::Multiplier(self.backoff_multiplier));
        }
        if let Some(timeout) = self.per_attempt_recv_timeout {
            above_zero("per_attempt_recv_timeout", timeout)?;
        }
        if self.retryable_status_codes.contains(Code::Ok) {
            return Err(ConfigError::Ok("retryable_status_codes"));
        }
        // Attempts that are given up are worth another one without being named.
        let none = self.retryable_status_codes == CodeSet::EMPTY;
        if none && self.per_attempt_recv_timeout.is_none() {
            return Err(ConfigError::NoCodes);
        }
        Ok(())
    }

    /// Whether `code` is held back from a method that does not promise that it may run twice.
    pub(super) fn holds_back(&self, code: Code) -> bool {
        self.retry_requires_idempotent && MAY_HAVE_RUN.contains(code)
    }

    /// The waits between attempts: gRFC A6, ± 20 %.
    pub(super) fn backoff(&self) -> Backoff {
        Backoff {
            initial: self.initial_backoff,
            multiplier: self.backoff_multiplier.into(),
            max: self.max_backoff,
            jitter: 0.2,
        }
    }
}

impl From<&RetryPolicy> for RetryConfig {
    fn from(declared: &RetryPolicy) -> Self {
        let mut config = Self::default();
        take!(
            declared => config:
            max_attempts,
            initial_backoff,
            max_backoff,
            backoff_multiplier,
            retryable_status_codes,
            retry_requires_idempotent,
            chain_stop
        );
        config.per_attempt_recv_timeout = declared.per_attempt_recv_timeout;
        config
    }
}

// === HedgingConfig ===

impl Default for HedgingConfig {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            hedging_delay: Duration::ZERO,
            non_fatal_status_codes: CodeSet::EMPTY,
            hedging_delay_percentile: None,
            max_extra_load: 5.0,
            chain_stop: true,
        }
    }
}

impl HedgingConfig {
    /// Whether hedging can work with these values.
    ///
    /// # Errors
    /// The first parameter that is out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.max_attempts < 2 {
            return Err(ConfigError::Attempts(self.max_attempts));
        }
        if self.non_fatal_status_codes.contains(Code::Ok) {
            return Err(ConfigError::Ok("non_fatal_status_codes"));
        }
        if let Some(percentile) = self.hedging_delay_percentile
            && !(percentile > 0.0 && percentile < 100.0)
        {
            return Err(ConfigError::Percentile(percentile));
        }
        if !(self.max_extra_load > 0.0 && self.max_extra_load.is_finite()) {
            return Err(ConfigError::Load(self.max_extra_load));
        }
        Ok(())
    }
}

impl From<&HedgingPolicy> for HedgingConfig {
    fn from(declared: &HedgingPolicy) -> Self {
        let mut config = Self::default();
        take!(
            declared => config:
            max_attempts,
            hedging_delay,
            non_fatal_status_codes,
            max_extra_load
        );
        config.hedging_delay_percentile = declared.hedging_delay_percentile;
        config
    }
}

fn above_zero(name: &'static str, value: Duration) -> Result<(), ConfigError> {
    match value {
        Duration::ZERO => Err(ConfigError::Zero(name)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(change: impl FnOnce(&mut RetryConfig)) -> String {
        let mut config = RetryConfig::default();
        change(&mut config);
        config.validate().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_valid_and_a_silent_contract_means_them() {
        assert_eq!(RetryConfig::default().validate(), Ok(()));
        assert_eq!(
            RetryConfig::from(&RetryPolicy::UNSET),
            RetryConfig::default()
        );
    }

    #[test]
    fn what_the_contract_says_wins_field_by_field() {
        let config = RetryConfig::from(&RetryPolicy {
            max_attempts: Some(4),
            retryable_status_codes: Some(CodeSet::of(&[Code::Aborted])),
            per_attempt_recv_timeout: Some(Duration::from_millis(400)),
            chain_stop: Some(false),
            retry_requires_idempotent: Some(false),
            ..RetryPolicy::UNSET
        });
        let expected = RetryConfig {
            max_attempts: 4,
            retryable_status_codes: CodeSet::of(&[Code::Aborted]),
            per_attempt_recv_timeout: Some(Duration::from_millis(400)),
            chain_stop: false,
            retry_requires_idempotent: false,
            ..RetryConfig::default()
        };
        assert_eq!(config, expected);
    }

    /// C-core `retry_service_config_test`.
    /// grpc-go `TestParseRetryPolicy`.
    #[test]
    fn a_mistake_is_told_with_its_name_and_value() {
        assert_eq!(
            mistake(|config| config.max_attempts = 1),
            "`max_attempts` is 1; it must be at least 2"
        );
        assert!(mistake(|config| config.initial_backoff = Duration::ZERO).contains("`initial"));
        assert!(mistake(|config| config.max_backoff = Duration::ZERO).contains("`max_backoff`"));
        for multiplier in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let told = mistake(|config| config.backoff_multiplier = multiplier);
            assert!(told.contains("`backoff_multiplier`"), "{told}");
        }
        let none = |config: &mut RetryConfig| config.retryable_status_codes = CodeSet::EMPTY;
        assert!(mistake(none).contains("UNAVAILABLE"));
        let ok = CodeSet::of(&[Code::Ok]);
        assert!(mistake(|config| config.retryable_status_codes = ok).contains("OK"));
        let zero = Some(Duration::ZERO);
        assert!(mistake(|config| config.per_attempt_recv_timeout = zero).contains("per_attempt"));
    }

    /// grpc-java `getHedgingPolicies`.
    #[test]
    fn a_mistake_in_hedging_is_told_too() {
        assert_eq!(
            HedgingConfig::from(&HedgingPolicy::UNSET),
            HedgingConfig::default()
        );
        assert_eq!(HedgingConfig::default().validate(), Ok(()));
        let wrong = |change: fn(&mut HedgingConfig)| {
            let mut config = HedgingConfig::default();
            change(&mut config);
            config.validate().unwrap_err()
        };
        let attempts = wrong(|config| config.max_attempts = 1);
        assert_eq!(attempts, ConfigError::Attempts(1));
        let ok = wrong(|config| config.non_fatal_status_codes = CodeSet::of(&[Code::Ok]));
        assert_eq!(ok, ConfigError::Ok("non_fatal_status_codes"));
        for percentile in [0.0, 100.0] {
            let mut config = HedgingConfig {
                hedging_delay_percentile: Some(percentile),
                ..HedgingConfig::default()
            };
            assert_eq!(config.validate(), Err(ConfigError::Percentile(percentile)));
            config.hedging_delay_percentile = Some(50.0);
            assert_eq!(config.validate(), Ok(()));
        }
        assert_eq!(
            wrong(|config| config.max_extra_load = 0.0),
            ConfigError::Load(0.0)
        );
        assert_eq!(
            wrong(|config| config.max_extra_load = f32::INFINITY),
            ConfigError::Load(f32::INFINITY)
        );
        assert!(
            wrong(|config| config.max_extra_load = f32::NAN)
                .to_string()
                .contains("NaN")
        );
    }

    #[test]
    fn two_attempts_are_the_least() {
        let config = RetryConfig {
            max_attempts: 2,
            ..RetryConfig::default()
        };
        assert_eq!(config.validate(), Ok(()));
    }

    #[test]
    fn a_timeout_of_attempts_needs_no_code() {
        let config = RetryConfig {
            retryable_status_codes: CodeSet::EMPTY,
            per_attempt_recv_timeout: Some(Duration::from_secs(1)),
            ..RetryConfig::default()
        };
        assert_eq!(config.validate(), Ok(()));
    }
}
