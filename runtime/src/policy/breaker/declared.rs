//! From what a contract declares to what a breaker works with: the defaults where the contract is silent.

use super::Config;
use crate::{call::BreakerPolicy, policy::declared::take};

impl From<&BreakerPolicy> for Config {
    /// Its `ignore_codes` come besides `CANCELLED`, so that a caller who hangs up never counts as a good call.
    fn from(declared: &BreakerPolicy) -> Self {
        let mut config = Self::default();
        take!(
            declared => config:
            mode,
            scope,
            failure_codes,
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
            max_wait_duration_in_half_open_state,
            deadline_attribution,
            honor_pushback,
            abandoned
        );
        let throttle = &mut config.throttle;
        throttle.k = declared.throttle_k.unwrap_or(throttle.k);
        throttle.window = declared.throttle_window.unwrap_or(throttle.window);
        throttle.max = declared.throttle_max.unwrap_or(throttle.max);
        config.slow_call_duration_threshold = declared.slow_call_duration_threshold;
        if let Some(ignored) = declared.ignore_codes {
            config.ignore_codes = config.ignore_codes.union(ignored);
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::Code;

    use super::*;
    use crate::policy::breaker::{Abandoned, CodeSet, Mode};

    #[test]
    fn a_silent_contract_means_the_defaults() {
        assert_eq!(Config::from(&BreakerPolicy::UNSET), Config::default());
    }

    #[test]
    fn what_the_contract_says_wins_field_by_field() {
        let config = Config::from(&BreakerPolicy {
            minimum_number_of_calls: Some(3),
            slow_call_duration_threshold: Some(Duration::from_secs(1)),
            failure_codes: Some(CodeSet::of(&[Code::Aborted])),
            ignore_codes: Some(CodeSet::of(&[Code::NotFound])),
            mode: Some(Mode::MetricsOnly),
            abandoned: Some(Abandoned::Failure),
            throttle_k: Some(3.0),
            throttle_window: Some(Duration::from_secs(5)),
            throttle_max: Some(0.5),
            ..BreakerPolicy::UNSET
        });
        let mut throttle = Config::default().throttle;
        (throttle.k, throttle.window, throttle.max) = (3.0, Duration::from_secs(5), 0.5);
        let expected = Config {
            mode: Mode::MetricsOnly,
            abandoned: Abandoned::Failure,
            throttle,
            minimum_number_of_calls: 3,
            slow_call_duration_threshold: Some(Duration::from_secs(1)),
            failure_codes: CodeSet::of(&[Code::Aborted]),
            ignore_codes: CodeSet::of(&[Code::Cancelled, Code::NotFound]),
            ..Config::default()
        };
        assert_eq!(config, expected);
    }
}
