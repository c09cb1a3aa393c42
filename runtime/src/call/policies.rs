//! What one source, such as the contract, says about a method's calls: plain data, a field is `None` where it is silent.

use std::time::Duration;

use super::CodeSet;

/// What a source may leave open: beside the struct, what says nothing, and a setter for each field.
macro_rules! policy {
    (
        $(#[$meta:meta])*
        pub struct $policy:ident { $($(#[$doc:meta])* pub $field:ident: Option<$type:ty>,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $policy {
            $($(#[$doc])* pub $field: Option<$type>,)*
        }

        impl $policy {
            /// Leaves every field open.
            pub const UNSET: Self = Self { $($field: None,)* };

            $(
                $(#[$doc])*
                #[must_use]
                pub const fn $field(mut self, value: $type) -> Self {
                    self.$field = Some(value);
                    self
                }
            )*
        }

        impl Default for $policy {
            fn default() -> Self {
                Self::UNSET
            }
        }
    };
}

policy! {
    /// All that one source says about one method.
    pub struct Policies {
        /// The longest a call may take, from its start to its trailers.
        pub timeout: Option<Duration>,
        /// When to send a failed call again.
        pub retry: Option<RetryPolicy>,
        /// When to send a call twice at once.
        pub hedging: Option<HedgingPolicy>,
        /// When to stop calling a sick peer.
        pub breaker: Option<BreakerPolicy>,
        /// How many calls may be under way.
        pub bulkhead: Option<BulkheadPolicy>,
        /// How many calls may start in a time.
        pub rate_limit: Option<RateLimitPolicy>,
        /// Whether a call waits for a connection. Kept for others; a call here always waits, until its deadline.
        pub wait_for_ready: Option<bool>,
        /// The largest request message, in bytes.
        pub max_request_message_bytes: Option<u32>,
        /// The largest reply message, in bytes.
        pub max_response_message_bytes: Option<u32>,
        /// The least time that must be left for a call to be sent at all.
        pub min_budget: Option<Duration>,
        /// What is held back of the time left when a call is sent on, so that the caller can still answer.
        pub propagation_margin: Option<Duration>,
        /// The method that undoes this one.
        pub compensated_by: Option<&'static str>,
    }
}

policy! {
    /// gRFC A6: when a failed call is sent again.
    pub struct RetryPolicy {
        /// How often it is sent at most, the first time included.
        pub max_attempts: Option<u32>,
        /// The pause before the second attempt.
        pub initial_backoff: Option<Duration>,
        /// The longest pause.
        pub max_backoff: Option<Duration>,
        /// What each pause is multiplied by.
        pub backoff_multiplier: Option<f32>,
        /// The codes that are worth another attempt.
        pub retryable_status_codes: Option<CodeSet>,
        /// The longest an attempt may wait for the head of its answer.
        pub per_attempt_recv_timeout: Option<Duration>,
        /// Whether what may have run is repeated only where the contract promises that it may run twice.
        pub retry_requires_idempotent: Option<bool>,
        /// Whether a server that handles a repeated call leaves its own failed calls alone.
        pub chain_stop: Option<bool>,
    }
}

policy! {
    /// gRFC A6: when a call is sent twice at once.
    pub struct HedgingPolicy {
        /// How often it is sent at most, the first time included.
        pub max_attempts: Option<u32>,
        /// The pause before the next copy; none sends all at once.
        pub hedging_delay: Option<Duration>,
        /// The codes after which the other copies go on.
        pub non_fatal_status_codes: Option<CodeSet>,
        /// Takes the delay from this percentile of the times that earlier calls took, above 0 and below 100.
        pub hedging_delay_percentile: Option<f32>,
        /// How many copies there may be for every hundred calls.
        pub max_extra_load: Option<f32>,
    }
}

/// What a breaker looks back on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The calls that ended within this time, at least 10 ms. It slides in tenths: between nine and ten tenths count.
    Time(Duration),
    /// The last so many calls, 1 to 65,536. All threads share one ring, so this is the slower kind under load.
    Count(u32),
}

/// What a breaker does with what it sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BreakerMode {
    /// Counts, opens, probes and closes.
    #[default]
    Enforce,
    /// Admits every call and counts nothing.
    Disabled,
    /// Refuses every call.
    ForcedOpen,
    /// Admits every call and counts it.
    ForcedClosed,
    /// Admits every call, counts it, and tells its subscribers when it would have opened.
    MetricsOnly,
    /// Has no states: refuses a share of the calls that grows with the share that fails.
    AdaptiveThrottle,
}

/// What shares one breaker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BreakerScope {
    /// Each method of a service has its own.
    #[default]
    Method,
    /// All methods of a service.
    Service,
    /// All services of a target.
    Target,
}

policy! {
    /// When to stop calling a sick peer. Names and defaults as in resilience4j.
    pub struct BreakerPolicy {
        /// Percent of failed calls that opens it.
        pub failure_rate_threshold: Option<f32>,
        /// Percent of slow calls that opens it.
        pub slow_call_rate_threshold: Option<f32>,
        /// From which duration on a call is slow.
        pub slow_call_duration_threshold: Option<Duration>,
        /// How many calls it takes before a rate says anything.
        pub minimum_number_of_calls: Option<u32>,
        /// What it looks back on.
        pub sliding_window: Option<Window>,
        /// How many failures in a row open it; zero never.
        pub consecutive_failures: Option<u32>,
        /// How long it stays open the first time.
        pub wait_duration_in_open_state: Option<Duration>,
        /// What each further rest is multiplied by.
        pub open_multiplier: Option<f32>,
        /// The longest rest.
        pub open_max_duration: Option<Duration>,
        /// By which fraction a rest varies, from 0 to 1.
        pub open_jitter: Option<f32>,
        /// How many probes decide whether it closes.
        pub permitted_number_of_calls_in_half_open_state: Option<u32>,
        /// How long it waits for the probes.
        pub max_wait_duration_in_half_open_state: Option<Duration>,
        /// The codes that count as failures.
        pub failure_codes: Option<CodeSet>,
        /// The codes that count for nothing.
        pub ignore_codes: Option<CodeSet>,
        /// What it does with what it sees.
        pub mode: Option<BreakerMode>,
        /// What shares one breaker.
        pub scope: Option<BreakerScope>,
        /// Whether DEADLINE_EXCEEDED says nothing of the peer where the caller's own time was less than half of the method's.
        pub deadline_attribution: Option<bool>,
        /// Whether it stays open as long as the failing peer asked for.
        pub honor_pushback: Option<bool>,
    }
}

policy! {
    /// How many calls may be under way.
    pub struct BulkheadPolicy {
        /// Calls under way at once.
        pub max_concurrent_calls: Option<u32>,
        /// Calls that wait for a place.
        pub max_queued: Option<u32>,
        /// The longest wait for a place.
        pub max_wait_duration: Option<Duration>,
    }
}

policy! {
    /// How many calls may start in a time.
    pub struct RateLimitPolicy {
        /// Calls in each period.
        pub limit_for_period: Option<u32>,
        /// The period.
        pub limit_refresh_period: Option<Duration>,
        /// Calls that may come at once.
        pub burst: Option<u32>,
    }
}
