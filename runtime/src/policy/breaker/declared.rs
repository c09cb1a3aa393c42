//! From what a contract declares to what a breaker works with: the defaults where the contract is silent.

use super::{CodeSet, Config, Mode};
use crate::call::BreakerPolicy;

impl From<&BreakerPolicy> for Config {
    fn from(declared: &BreakerPolicy) -> Self {
        let mut config = Self::default();
        let set = |slot: &mut CodeSet, codes: &[tonic::Code]| {
            if !codes.is_empty() {
                *slot = CodeSet::of(codes);
            }
        };
        macro_rules! take {
            ($($field:ident),*) => { $(if let Some(value) = declared.$field { config.$field = value; })* };
        }
        take!(
            failure_rate_threshold,
            slow_call_rate_threshold,
            minimum_number_of_calls,
            sliding_window,
            consecutive_failures,
            wait_duration_in_open_state,
            open_multiplier,
            open_max_duration,
            open_jitter,
            permitted_number_of_calls_in_half_open_state,
            max_wait_duration_in_half_open_state
        );
        config.slow_call_duration_threshold = declared.slow_call_duration_threshold;
        set(&mut config.failure_codes, declared.failure_codes);
        set(&mut config.ignore_codes, declared.ignore_codes);
        if declared.metrics_only {
            config.mode = Mode::MetricsOnly;
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::Code;

    use super::*;

    #[test]
    fn a_silent_contract_means_the_defaults() {
        assert_eq!(Config::from(&BreakerPolicy::UNSET), Config::default());
    }

    #[test]
    fn what_the_contract_says_wins_field_by_field() {
        let config = Config::from(&BreakerPolicy {
            minimum_number_of_calls: Some(3),
            slow_call_duration_threshold: Some(Duration::from_secs(1)),
            failure_codes: &[Code::NotFound],
            metrics_only: true,
            ..BreakerPolicy::UNSET
        });
        assert_eq!(config.minimum_number_of_calls, 3);
        assert_eq!(config.failure_rate_threshold, 50.0);
        assert_eq!(config.failure_codes, CodeSet::of(&[Code::NotFound]));
        assert_eq!(config.mode, Mode::MetricsOnly);
    }
}
