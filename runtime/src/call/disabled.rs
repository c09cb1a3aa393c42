//! Which policies a source switches off, whoever else speaks of them.

use std::fmt;

/// Policies that do not hold for the calls of a method, though a wider source, such as the contract, may have said them.
///
/// ```
/// use couplet::call::{Disabled, Policies};
///
/// let policies = Policies::UNSET.disabled(Disabled::RETRY.and(Disabled::HEDGING));
/// assert!(policies.disabled.is_some_and(|disabled| disabled.has(Disabled::RETRY)));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Disabled(u8);

// === Disabled ===

impl Disabled {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// The method's timeout. A call still ends with the deadline of the call that it is made for.
    pub const TIMEOUT: Self = Self(1);
    /// Retries. Attempts that no server saw are still repeated, as gRPC does without a policy.
    pub const RETRY: Self = Self(1 << 1);
    /// Hedging.
    pub const HEDGING: Self = Self(1 << 2);
    /// The breaker: it admits every call and counts nothing.
    pub const BREAKER: Self = Self(1 << 3);
    /// The bulkhead.
    pub const BULKHEAD: Self = Self(1 << 4);
    /// The rate limit.
    pub const RATE_LIMIT: Self = Self(1 << 5);
    /// The adaptive limit.
    pub const ADAPTIVE_LIMIT: Self = Self(1 << 6);
    /// Faults on purpose.
    pub const FAULTS: Self = Self(1 << 7);

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether all of `others` are among them.
    pub const fn has(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl fmt::Debug for Disabled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (Self::TIMEOUT, "TIMEOUT"),
            (Self::RETRY, "RETRY"),
            (Self::HEDGING, "HEDGING"),
            (Self::BREAKER, "BREAKER"),
            (Self::BULKHEAD, "BULKHEAD"),
            (Self::RATE_LIMIT, "RATE_LIMIT"),
            (Self::ADAPTIVE_LIMIT, "ADAPTIVE_LIMIT"),
            (Self::FAULTS, "FAULTS"),
        ];
        let named = all.into_iter().filter(|(one, _)| self.has(*one));
        formatter
            .debug_set()
            .entries(named.map(|(_, name)| name))
            .finish()
    }
}
