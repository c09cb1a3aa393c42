//! Fields that are right by themselves and make no sense together.

use super::{duration, fields, names::Named};
use crate::{
    call::{BulkheadPolicy, Disabled, Policies, RetryPolicy, Window},
    policy::limit::{adaptive, rate},
};

/// Two fields that make no sense together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contradiction {
    /// The one field, below the method: `retryPolicy.initialBackoff`.
    pub(super) one: String,
    /// The other.
    pub(super) other: String,
    /// What they are; the path of the other is still to be added.
    pub(super) found: String,
    /// What would be right.
    pub(super) right: String,
}

/// The contradictions in what is said of a method.
pub(super) fn all(policies: &Policies) -> impl Iterator<Item = Contradiction> {
    let found = [
        policies.retry.as_ref().and_then(backoff),
        attempt(policies),
        breaker(policies),
        wait(policies),
        policies.bulkhead.as_ref().and_then(queue),
        rate(policies),
        limits(policies, false),
        limits(policies, true),
    ];
    found.into_iter().flatten()
}

/// The policies that one source says and disables.
pub(super) fn disabled_and_said(policies: &Policies) -> impl Iterator<Item = &'static str> {
    let disabled = policies.disabled.unwrap_or(Disabled::NONE);
    let named = Disabled::ALL.iter();
    let named = named.filter(move |(_, one)| disabled.has(*one));
    named
        .map(|(name, _)| *name)
        .filter(move |name| fields::says(policies, name))
}

fn contradiction(one: &str, found: String, other: &str, right: &str) -> Option<Contradiction> {
    Some(Contradiction {
        one: one.to_owned(),
        other: other.to_owned(),
        found,
        right: right.to_owned(),
    })
}

fn backoff(retry: &RetryPolicy) -> Option<Contradiction> {
    let (initial, longest) = (retry.initial_backoff?, retry.max_backoff?);
    if initial <= longest {
        return None;
    }
    let (initial, longest) = (duration::write(initial), duration::write(longest));
    let found = format!("is \"{initial}\", more than the \"{longest}\" of");
    let (one, other) = ("retryPolicy.initialBackoff", "retryPolicy.maxBackoff");
    contradiction(
        one,
        found,
        other,
        "pauses grow from the first to the longest",
    )
}

fn attempt(policies: &Policies) -> Option<Contradiction> {
    let (attempt, call) = (policies.retry?.per_attempt_recv_timeout?, policies.timeout?);
    if attempt <= call {
        return None;
    }
    let (attempt, call) = (duration::write(attempt), duration::write(call));
    let found = format!("is \"{attempt}\", more than the \"{call}\" of");
    let one = "retryPolicy.perAttemptRecvTimeout";
    contradiction(
        one,
        found,
        "timeout",
        "an attempt ends with its call at the latest",
    )
}

fn breaker(policies: &Policies) -> Option<Contradiction> {
    let breaker = policies.breaker?;
    let (least, Window::Count(size)) = (breaker.minimum_number_of_calls?, breaker.sliding_window?)
    else {
        return None;
    };
    if least <= size {
        return None;
    }
    let found = format!("is {least}, more than the {size} calls of");
    contradiction(
        "circuitBreaker.minimumNumberOfCalls",
        found,
        "circuitBreaker.slidingWindowSize",
        "a rate needs as many calls as the window holds at most",
    )
}

fn wait(policies: &Policies) -> Option<Contradiction> {
    let (wait, call) = (policies.bulkhead?.max_wait_duration?, policies.timeout?);
    if wait <= call {
        return None;
    }
    let (wait, call) = (duration::write(wait), duration::write(call));
    let found = format!("is \"{wait}\", more than the \"{call}\" of");
    let one = "bulkhead.maxWaitDuration";
    contradiction(
        one,
        found,
        "timeout",
        "a call must not wait longer than it may take",
    )
}

fn queue(bulkhead: &BulkheadPolicy) -> Option<Contradiction> {
    let (queued, wait) = (
        bulkhead.max_queued.unwrap_or(0),
        bulkhead.max_wait_duration.unwrap_or_default(),
    );
    let (one, other) = ("bulkhead.maxQueued", "bulkhead.maxWaitDuration");
    let right = "calls that wait need both a place and a time";
    match (queued, wait.is_zero()) {
        (0, false) => {
            let found = format!("is \"{}\", but no call may wait by", duration::write(wait));
            contradiction(other, found, one, right)
        }
        (1.., true) => {
            let found = format!("is {queued}, but none would wait for any time by");
            contradiction(one, found, other, right)
        }
        _ => None,
    }
}

fn rate(policies: &Policies) -> Option<Contradiction> {
    let policy = policies.rate_limit?;
    policy.limit_for_period?;
    let other = "rateLimit.limitForPeriod";
    match rate::Config::from(&policy).validate().err()? {
        rate::ConfigError::Period(period) => {
            let period = duration::write(period);
            let found = format!("is \"{period}\", which cannot be divided by the calls of");
            let right = "a nanosecond for each call at least, and a year at most";
            contradiction("rateLimit.limitRefreshPeriod", found, other, right)
        }
        rate::ConfigError::Burst(burst) => {
            let found = format!("is {burst}, which would take more than ten years to fill by");
            let right = "a burst that fills within ten years";
            contradiction("rateLimit.burst", found, other, right)
        }
        // Each field is at least one, or it would not have been read.
        _ => None,
    }
}

/// The limits in their order, with the defaults where nothing is said of one.
fn limits(policies: &Policies, upper: bool) -> Option<Contradiction> {
    let (limit, default) = (policies.adaptive_limit?, adaptive::Config::default());
    let initial = (
        "adaptiveLimit.initialLimit",
        limit.initial_limit.unwrap_or(default.initial_limit),
    );
    let (less, more) = match upper {
        true => (
            initial,
            (
                "adaptiveLimit.maxLimit",
                limit.max_limit.unwrap_or(default.max_limit),
            ),
        ),
        false => (
            (
                "adaptiveLimit.minLimit",
                limit.min_limit.unwrap_or(default.min_limit),
            ),
            initial,
        ),
    };
    if less.1 <= more.1 {
        return None;
    }
    let found = format!("is {}, more than the {} of", less.1, more.1);
    contradiction(
        less.0,
        found,
        more.0,
        "it must be minLimit <= initialLimit <= maxLimit",
    )
}
