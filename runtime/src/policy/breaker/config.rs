//! What a breaker is told once: the effective value of every parameter, its default, and what is a mistake.
//!
//! Names follow resilience4j and gRPC's service config. Where a value comes from (contract, file, code) is decided before.

use std::time::Duration;

use tonic::Code;

use super::{Abandoned, CodeSet, Mode, Scope};
use crate::{call::Window, policy::backoff::Backoff};

/// The effective parameters of one breaker.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Whether the breaker decides, observes, throttles, or is forced. Default: [`Mode::Enforce`].
    pub mode: Mode,
    /// Which calls share one breaker; said to the [`Registry`](super::Registry), a breaker itself does not look at it.
    /// Default: [`Scope::Method`].
    pub scope: Scope,
    /// Which calls the rates are taken over. A time of at least 10 ms slides in tenths, so that between nine and ten
    /// tenths of it count. A count of 1 to 65,536 calls is exact on one thread; of more, each may mix in up to eleven calls
    /// that are older. Default: the calls of the last 10 s.
    pub sliding_window: Window,
    /// The share of failures, in percent, from which on the breaker opens; above 0, up to 100. Default: 50.
    pub failure_rate_threshold: f32,
    /// The elapsed time from which on a call counts as slow, be it still under way: then it counts from between this
    /// and 9/8 of it on, once. A stream is as slow as the head of its reply. Default: unset, no call is slow.
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
    /// What calls that were given up say about the peer. Default: [`Abandoned::UnlessAll`].
    pub abandoned: Abandoned,
    /// Whether a `DEADLINE_EXCEEDED` counts only if the call had at least half of its method's own timeout, so that the
    /// small budget of a caller is not blamed on the peer. A method without a timeout has nothing to compare with, and
    /// every `DEADLINE_EXCEEDED` of it counts. Default: on.
    pub deadline_attribution: bool,
    /// Whether the pushback of the failure that opens a closed breaker is the first wait, up to `open_max_duration`,
    /// and longer by jitter, never shorter. Default: on.
    pub honor_pushback: bool,
    /// The parameters of [`Mode::AdaptiveThrottle`].
    pub throttle: Throttle,
}

/// How [`Mode::AdaptiveThrottle`] refuses: with probability `max(0, (requests - k × accepts) / (requests + 1))`, where
/// requests are all calls that were asked for in the window, refused ones included, and accepts those that the peer did
/// not fail. From "Site Reliability Engineering", chapter 21. It needs the minimum number of calls; the classification of
/// outcomes is the breaker's.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Throttle {
    /// How many calls are let out for each that is accepted; at least 1.1. Default: 2.
    pub k: f32,
    /// The window, in place of `sliding_window`; at least 10 ms. Default: 30 s.
    pub window: Duration,
    /// The greatest probability of a refusal, 0 to 1. Default: 0.9.
    pub max: f32,
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

// === Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            scope: Scope::Method,
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
            abandoned: Abandoned::UnlessAll,
            deadline_attribution: true,
            honor_pushback: true,
            throttle: Throttle::default(),
        }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            k: 2.0,
            window: Duration::from_secs(30),
            max: 0.9,
        }
    }
}

impl Config {
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

    /// The window that is kept in this mode.
    pub(super) fn window(&self) -> Window {
        match self.mode {
            Mode::AdaptiveThrottle => Window::Time(self.throttle.window),
            _ => self.sliding_window,
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
