//! A service's defaults below a method's own policies, field by field.

use crate::draft::{Breaker, Bulkhead, Hedging, Policies, RateLimit, Retry, Written};
use crate::ir::Idempotency;

/// What holds for a method: its own fields, and for every other one the service's default.
///
/// Default retries and hedging are only for methods that may be repeated, and give way to the
/// other of the two where a method names it.
pub(super) fn effective(own: &Policies, defaults: &Policies, idempotency: Idempotency) -> Policies {
    let repeatable = idempotency.allows_repeats();
    let retry = defaults.retry.as_ref();
    let retry = retry.filter(|_| repeatable && own.hedging.is_none());
    let hedging = defaults.hedging.as_ref();
    let hedging = hedging.filter(|_| repeatable && own.retry.is_none());
    Policies {
        timeout: either(&own.timeout, &defaults.timeout),
        retry: group(own.retry.as_ref(), retry, Retry::over),
        hedging: group(own.hedging.as_ref(), hedging, Hedging::over),
        breaker: group(
            own.breaker.as_ref(),
            defaults.breaker.as_ref(),
            Breaker::over,
        ),
        bulkhead: group(
            own.bulkhead.as_ref(),
            defaults.bulkhead.as_ref(),
            Bulkhead::over,
        ),
        rate_limit: group(
            own.rate_limit.as_ref(),
            defaults.rate_limit.as_ref(),
            RateLimit::over,
        ),
        compensated_by: own.compensated_by.clone(),
        hash_field: own.hash_field.clone(),
    }
}

fn either<T: Clone>(own: &Option<T>, default: &Option<T>) -> Option<T> {
    own.as_ref().or(default.as_ref()).cloned()
}

fn list<T: Clone>(own: &[T], default: &[T]) -> Vec<T> {
    match own {
        [] => default.to_vec(),
        own => own.to_vec(),
    }
}

fn group<T: Clone>(
    own: Option<&Written<T>>,
    default: Option<&Written<T>>,
    over: fn(&T, &T) -> T,
) -> Option<Written<T>> {
    match (own, default) {
        (Some(own), Some(default)) => Some(Written {
            value: over(&own.value, &default.value),
            place: own.place,
        }),
        (one, other) => one.or(other).cloned(),
    }
}

macro_rules! over {
    ($own:ident, $default:ident; $($field:ident)* ; $($list:ident)*) => {
        Self {
            $($field: either(&$own.$field, &$default.$field),)*
            $($list: list(&$own.$list, &$default.$list),)*
        }
    };
}

impl Retry {
    fn over(&self, default: &Self) -> Self {
        over! { self, default;
            max_attempts initial_backoff max_backoff backoff_multiplier per_attempt_recv_timeout;
            retryable_status_codes
        }
    }
}

impl Hedging {
    fn over(&self, default: &Self) -> Self {
        over! { self, default;
            max_attempts hedging_delay hedging_delay_percentile max_extra_load;
            non_fatal_status_codes
        }
    }
}

impl Breaker {
    fn over(&self, default: &Self) -> Self {
        over! { self, default;
            mode scope deadline_attribution honor_pushback sliding_window_type sliding_window_size failure_rate_threshold
            slow_call_duration_threshold slow_call_rate_threshold minimum_number_of_calls
            consecutive_failures wait_duration_in_open_state open_multiplier open_max_duration
            open_jitter permitted_number_of_calls_in_half_open_state
            max_wait_duration_in_half_open_state;
            failure_codes ignore_codes
        }
    }
}

impl Bulkhead {
    fn over(&self, default: &Self) -> Self {
        over! { self, default; max_concurrent_calls max_queued max_wait_duration; }
    }
}

impl RateLimit {
    fn over(&self, default: &Self) -> Self {
        over! { self, default; limit_for_period limit_refresh_period burst; }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Place;

    fn written<T>(value: T) -> Option<Written<T>> {
        let place = Place(0);
        Some(Written { value, place })
    }

    fn retries(max_attempts: Option<u32>, backoff: Option<&str>) -> Policies {
        let retry = Retry {
            max_attempts: max_attempts.and_then(written),
            initial_backoff: backoff.map(str::to_owned).and_then(written),
            ..Retry::default()
        };
        Policies {
            retry: written(retry),
            ..Policies::default()
        }
    }

    #[test]
    fn the_method_wins_field_by_field() {
        let own = retries(None, Some("10ms"));
        let defaults = retries(Some(3), Some("50ms"));
        let merged = effective(&own, &defaults, Idempotency::Idempotent);
        assert_eq!(merged, retries(Some(3), Some("10ms")));
    }

    #[test]
    fn default_retries_leave_methods_alone_that_may_not_be_repeated() {
        let defaults = retries(Some(3), None);
        let own = Policies::default();
        let merged = effective(&own, &defaults, Idempotency::Unknown);
        assert_eq!(merged.retry, None);
        let merged = effective(&own, &defaults, Idempotency::NoSideEffects);
        assert!(merged.retry.is_some());
    }

    #[test]
    fn a_methods_hedging_replaces_default_retries() {
        let own = Policies {
            hedging: written(Hedging::default()),
            ..Policies::default()
        };
        let merged = effective(&own, &retries(Some(3), None), Idempotency::Idempotent);
        assert!(merged.hedging.is_some() && merged.retry.is_none());
    }
}
