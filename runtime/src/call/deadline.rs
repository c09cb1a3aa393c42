//! When everything about a call must be over, and who said so.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// Who set the deadline that won.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The caller, for this one call.
    Call,
    /// The contract's or the configuration's timeout of the method.
    Method,
    /// The call that is being served and caused this one.
    Inherited,
}

/// The moment by which a call must be over, as a budget that can only shrink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    at: Option<Instant>,
    limit: Limit,
}

// === Deadline ===

impl Deadline {
    /// No deadline at all.
    pub const NEVER: Self = Self {
        at: None,
        limit: Limit::Call,
    };

    /// The deadline `timeout` after `now`; never, if that is further than the clock can count.
    #[inline]
    pub fn after(now: Instant, timeout: Duration, limit: Limit) -> Self {
        Self {
            at: now.checked_add(timeout),
            limit,
        }
    }

    /// The deadline at a moment.
    pub fn at(at: Instant, limit: Limit) -> Self {
        Self {
            at: Some(at),
            limit,
        }
    }

    /// The earlier of two; `self` if they are equal.
    #[inline]
    pub fn earliest(self, other: Self) -> Self {
        match (self.at, other.at) {
            (Some(own), Some(its)) if its < own => other,
            (None, Some(_)) => other,
            _ => self,
        }
    }

    /// The moment, if there is one.
    #[inline]
    pub fn instant(self) -> Option<Instant> {
        self.at
    }

    /// Who set it.
    pub fn limit(self) -> Limit {
        self.limit
    }

    /// The same moment, as it binds the calls that a handler makes.
    #[inline]
    pub fn inherited(self) -> Self {
        Self {
            limit: Limit::Inherited,
            ..self
        }
    }

    /// So much earlier: what is held back of the time left.
    #[inline]
    pub fn less(self, margin: Duration) -> Self {
        let at = self.at.map(|at| at.checked_sub(margin).unwrap_or(at));
        Self { at, ..self }
    }

    /// What is left at `now`: `None` for ever, zero if it has passed.
    #[inline]
    pub fn remaining(self, now: Instant) -> Option<Duration> {
        self.at.map(|at| at.saturating_duration_since(now))
    }

    /// Whether it has passed at `now`.
    #[inline]
    pub fn has_passed(self, now: Instant) -> bool {
        self.at.is_some_and(|at| at <= now)
    }
}

// === Limit ===

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Call => "call",
            Self::Method => "method",
            Self::Inherited => "inherited",
        })
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test needs some instant to count from"
)]
mod tests {
    use super::*;

    /// grpc-java `minimum`.
    #[test]
    fn the_earliest_wins_and_says_whose_it_is() {
        let now = Instant::now();
        let call = Deadline::after(now, Duration::from_secs(2), Limit::Call);
        let method = Deadline::after(now, Duration::from_secs(1), Limit::Method);
        assert_eq!(call.earliest(method).limit(), Limit::Method);
        assert_eq!(method.earliest(call).limit(), Limit::Method);
        assert_eq!(Deadline::NEVER.earliest(call), call);
        assert_eq!(call.earliest(Deadline::NEVER), call);
    }

    /// grpc-java `deadlineClamps`, `deadlineDoesNotOverflowOrUnderflow`, `timeCanOverflow`.
    #[test]
    fn a_timeout_beyond_the_clock_is_no_deadline() {
        let deadline = Deadline::after(Instant::now(), Duration::MAX, Limit::Call);
        assert_eq!(deadline.instant(), None);
        assert!(!deadline.has_passed(Instant::now()));
    }

    /// grpc-java `deadlineMatchesLongValue`, `deadLineMatchesDurationValue`, `shortDeadlineEventuallyExpires`, `immediateDeadlineIsExpired`.
    #[test]
    fn a_deadline_passes_at_its_moment_and_not_before() {
        let (now, timeout) = (Instant::now(), Duration::from_millis(100));
        let deadline = Deadline::after(now, timeout, Limit::Call);
        assert_eq!(deadline.remaining(now), Some(timeout));
        let last = now + timeout - Duration::from_nanos(1);
        assert!(!deadline.has_passed(last));
        assert_eq!(deadline.remaining(last), Some(Duration::from_nanos(1)));
        assert!(deadline.has_passed(now + timeout));
        assert!(Deadline::after(now, Duration::ZERO, Limit::Call).has_passed(now));
    }

    /// grpc-java `equality`, `compareTo_same`.
    #[test]
    fn the_same_moment_of_the_same_origin_is_the_same_deadline() {
        let now = Instant::now();
        let after = |millis| Deadline::after(now, Duration::from_millis(millis), Limit::Call);
        assert_eq!(after(12), after(12));
        assert_ne!(after(12), after(10));
        assert_ne!(after(12), after(12).inherited());
    }

    /// grpc-java `pastDeadlineIsExpired`.
    #[test]
    fn a_passed_deadline_leaves_nothing() {
        let now = Instant::now();
        let deadline = Deadline::at(now, Limit::Call);
        assert!(deadline.has_passed(now));
        assert_eq!(
            deadline.remaining(now + Duration::from_secs(9)),
            Some(Duration::ZERO)
        );
    }
}
