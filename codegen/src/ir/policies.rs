//! What a contract declares about the calls of a method.

use std::time::Duration;

use super::Code;

/// What a contract declares about a method's calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policies {
    /// The longest a call may take.
    pub timeout: Option<Duration>,
    /// When to try again.
    pub retry: Option<Retry>,
    /// When to try twice at once.
    pub hedging: Option<Hedging>,
    /// When to stop calling.
    pub breaker: Option<Breaker>,
    /// How many calls may be under way.
    pub bulkhead: Option<Bulkhead>,
    /// How many calls may begin in a time.
    pub rate_limit: Option<RateLimit>,
    /// The method that takes this one's effect back.
    pub compensated_by: Option<String>,
}

/// gRFC A6 retries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retry {
    /// Attempts in all, 2 to 5.
    pub max_attempts: Option<u32>,
    /// The wait before the first retry.
    pub initial_backoff: Option<Duration>,
    /// The longest wait.
    pub max_backoff: Option<Duration>,
    /// What the wait grows by.
    pub backoff_multiplier: Option<f32>,
    /// What is tried again; empty for the default.
    pub retryable_status_codes: Vec<Code>,
    /// How long one attempt may wait for its answer.
    pub per_attempt_recv_timeout: Option<Duration>,
}

/// gRFC A6 hedging.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hedging {
    /// Attempts in all, 2 to 5.
    pub max_attempts: Option<u32>,
    /// The wait between two attempts.
    pub hedging_delay: Option<Duration>,
    /// What lets the other attempts go on.
    pub non_fatal_status_codes: Vec<Code>,
    /// Percent.
    pub hedging_delay_percentile: Option<f32>,
    /// Percent.
    pub max_extra_load: Option<f32>,
}

/// What a breaker looks back on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The calls of a time.
    Time(Duration),
    /// A number of calls.
    Count(u32),
}

/// What a breaker does with what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerMode {
    /// Refuses calls while it is open.
    Enforce,
    /// Counts, and lets every call pass.
    MetricsOnly,
    /// Lets every call pass and counts nothing.
    Disabled,
    /// Refuses every call.
    ForcedOpen,
    /// Counts and lets every call pass, and never changes its state.
    ForcedClosed,
    /// Refuses a share of the calls that grows with the share that fails.
    AdaptiveThrottle,
}

impl BreakerMode {
    /// The modes as contracts spell them, in the order of their numbers.
    pub const ALL: [(&'static str, Self); 6] = [
        ("ENFORCE", Self::Enforce),
        ("METRICS_ONLY", Self::MetricsOnly),
        ("DISABLED", Self::Disabled),
        ("FORCED_OPEN", Self::ForcedOpen),
        ("FORCED_CLOSED", Self::ForcedClosed),
        ("ADAPTIVE_THROTTLE", Self::AdaptiveThrottle),
    ];
}

/// What shares one breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerScope {
    /// Each method has its own.
    Method,
    /// All methods of a service.
    Service,
    /// All services of a target.
    Target,
}

impl BreakerScope {
    /// The scopes as contracts spell them, in the order of their numbers.
    pub const ALL: [(&'static str, Self); 3] = [
        ("METHOD", Self::Method),
        ("SERVICE", Self::Service),
        ("TARGET", Self::Target),
    ];
}

/// A circuit breaker.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Breaker {
    /// What it does with what it sees.
    pub mode: Option<BreakerMode>,
    /// What shares it.
    pub scope: Option<BreakerScope>,
    /// Whether a caller in a hurry says nothing of the peer.
    pub deadline_attribution: Option<bool>,
    /// Whether the peer says how long it stays open.
    pub honor_pushback: Option<bool>,
    /// What it looks back on.
    pub sliding_window: Option<Window>,
    /// Percent.
    pub failure_rate_threshold: Option<f32>,
    /// From when on a call is slow.
    pub slow_call_duration_threshold: Option<Duration>,
    /// Percent.
    pub slow_call_rate_threshold: Option<f32>,
    /// Calls before a rate counts.
    pub minimum_number_of_calls: Option<u32>,
    /// Failures in a row that open it; zero for never.
    pub consecutive_failures: Option<u32>,
    /// How long it stays open at first.
    pub wait_duration_in_open_state: Option<Duration>,
    /// What that time grows by.
    pub open_multiplier: Option<f32>,
    /// The longest it stays open.
    pub open_max_duration: Option<Duration>,
    /// How much that time varies, as a share.
    pub open_jitter: Option<f32>,
    /// Calls that are let through to find out.
    pub permitted_number_of_calls_in_half_open_state: Option<u32>,
    /// How long finding out may take.
    pub max_wait_duration_in_half_open_state: Option<Duration>,
    /// What is a failure; empty for the default.
    pub failure_codes: Vec<Code>,
    /// What counts for nothing; empty for the default.
    pub ignore_codes: Vec<Code>,
}

/// A limit on calls under way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bulkhead {
    /// Calls under way at a time.
    pub max_concurrent_calls: Option<u32>,
    /// Calls that may wait.
    pub max_queued: Option<u32>,
    /// How long one may wait.
    pub max_wait_duration: Option<Duration>,
}

/// A limit on calls begun.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RateLimit {
    /// Calls in one period.
    pub limit_for_period: Option<u32>,
    /// The length of a period.
    pub limit_refresh_period: Option<Duration>,
    /// Calls at once.
    pub burst: Option<u32>,
}
