//! What one source, such as the contract, says about a method's calls: plain data, a field is `None` where it is silent.

use std::time::Duration;

use tonic::Code;

use super::{CodeSet, Disabled};

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
        /// How many calls may be under way, as the server itself finds out.
        pub adaptive_limit: Option<AdaptivePolicy>,
        /// What is done to calls on purpose, for tests; in builds with feature `faults` alone.
        pub faults: Option<FaultPolicy>,
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
        /// The policies that do not hold, whichever wider source says them.
        pub disabled: Option<Disabled>,
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

/// What calls that were given up by their callers say about the peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerAbandoned {
    /// Nothing, unless nothing else is in the window and they are as many as the minimum number of calls: a peer from
    /// which nobody awaits an answer any more is failing.
    #[default]
    UnlessAll,
    /// Nothing.
    Ignore,
    /// Each is a failure.
    Failure,
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
        /// What calls that were given up by their callers say about the peer.
        pub abandoned: Option<BreakerAbandoned>,
        /// How many calls a throttle lets out for each that is accepted; at least 1.1.
        pub throttle_k: Option<f32>,
        /// What a throttle looks back on, at least 10 ms.
        pub throttle_window: Option<Duration>,
        /// The greatest share of the calls that a throttle refuses, from 0 to 1.
        pub throttle_max: Option<f32>,
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
        /// The longest that a call waits for its turn, in place of being refused.
        pub max_wait_duration: Option<Duration>,
    }
}

/// Whether a limit is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AdaptiveMode {
    /// Calls for which there is no room are refused.
    #[default]
    Enforce,
    /// All are admitted, and those for which there would have been no room are counted.
    MetricsOnly,
}

/// How an adaptive limit is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AdaptiveAlgorithm {
    /// By latency, checked against throughput and drops. For servers of any kind.
    #[default]
    Hybrid,
    /// By the gradient of latency over its long average, as in Netflix' concurrency-limits. Knows no drops.
    Gradient2,
    /// By the queue that the least latency lets expect (Brakmo and Peterson 1995), as in Netflix' concurrency-limits.
    Vegas,
    /// One more while all goes well, a tenth less when calls are dropped.
    Aimd,
    /// The initial limit, for ever.
    Fixed,
}

policy! {
    /// How many calls may be under way, as the server itself finds out.
    pub struct AdaptivePolicy {
        /// Whether the limit is kept.
        pub mode: Option<AdaptiveMode>,
        /// How it is found.
        pub algorithm: Option<AdaptiveAlgorithm>,
        /// The limit before anything is known.
        pub initial_limit: Option<u32>,
        /// The least limit.
        pub min_limit: Option<u32>,
        /// The greatest limit.
        pub max_limit: Option<u32>,
        /// The least time from one decision to the next.
        pub window: Option<Duration>,
        /// How many calls a decision needs.
        pub minimum_samples: Option<u32>,
        /// Which latency is looked at: the one that this share of calls does not exceed.
        pub quantile: Option<f64>,
        /// What the limit is multiplied by when calls are dropped.
        pub backoff_ratio: Option<f64>,
    }
}

policy! {
    /// What is done to the calls of a method on purpose. Fractions are per million.
    pub struct FaultPolicy {
        /// How long a call is held up before it goes on.
        pub delay: Option<Duration>,
        /// The share of calls that are.
        pub delay_fraction: Option<u32>,
        /// The code with which a call ends before it is sent, or before its handler sees it.
        pub abort_status: Option<Code>,
        /// The share of calls that do.
        pub abort_fraction: Option<u32>,
        /// The share of calls whose work is done and whose answer is lost with its stream.
        pub reset_fraction: Option<u32>,
        /// How long an answer is held back.
        pub response_delay: Option<Duration>,
        /// The share of answers that are.
        pub response_delay_fraction: Option<u32>,
        /// After how many messages an answer breaks off as if the connection were lost.
        pub truncate_after: Option<u32>,
        /// The share of answers that do.
        pub truncate_fraction: Option<u32>,
        /// The pause of a reader between two messages.
        pub slow_read: Option<Duration>,
        /// The share of streams that are read so.
        pub slow_read_fraction: Option<u32>,
        /// With so many faults under way in the process, nothing is done to a call.
        pub max_active_faults: Option<u32>,
        /// Whether a call's metadata may ask for a delay or an abort, up to the fraction of each.
        pub headers: Option<bool>,
    }
}
