//! What holds for each method of a service at one target: the table that the layers ask, swapped whole.
//!
//! A row is a [`Plan`]: what contract, service config and code say, put together, with the defaults where all are silent.
//! The layers of a stack share one table. A call asks whether a policy is [on](Plans::is_on) before it looks at the row, so
//! that a policy that is off costs one load of a word that nobody writes.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{
            AtomicU32, AtomicU64,
            Ordering::{Relaxed, Release},
        },
    },
    time::Duration,
};

use arc_swap::{ArcSwap, Guard};

#[cfg(feature = "faults")]
use super::fault::{Config, Rule};
use crate::call::{Method, Policies, Service};

/// What holds for the calls of one method.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What all sources together say.
    pub policies: Policies,
    /// What is done to calls on purpose.
    #[cfg(feature = "faults")]
    pub faults: Option<Rule>,
}

/// A policy that is asked only where it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Switch {
    /// Failed calls are sent again.
    Retry = 1,
    /// Calls are sent twice at once.
    Hedging = 1 << 1,
    /// Some of the time that is left is held back, or has to be there.
    Budget = 1 << 2,
    /// An attempt may wait only so long for its answer.
    AttemptTimeout = 1 << 7,
    /// It is said whether calls wait for a connection.
    WaitForReady = 1 << 8,
    /// Something is done to calls on purpose.
    #[cfg(feature = "faults")]
    Faults = 1 << 15,
}

/// The plans of a service's methods.
#[derive(Debug)]
pub struct Plans {
    service: &'static Service,
    hot: Box<[Hot]>,
    table: ArcSwap<Box<[Plan]>>,
}

/// A row of the table, as it was when it was asked for.
#[derive(Debug)]
pub struct Planned {
    table: Guard<Arc<Box<[Plan]>>>,
    index: usize,
}

/// What every call reads. Written when the table is swapped, so a call may meet a new word with an old row for an instant:
/// each is whole in itself.
#[derive(Debug, Default)]
struct Hot {
    /// The [`Switch`]es that are on.
    on: AtomicU32,
    /// The method's timeout in nanoseconds; zero for none.
    timeout: AtomicU64,
}

// === Plans ===

impl Plans {
    /// What the contract of `service` says, and nothing else.
    pub fn of_contract(service: &'static Service) -> Self {
        Self::new(service, |method| Plan::new(method.policies))
    }

    /// The plans that `plan` makes for the methods of `service`.
    pub fn new(service: &'static Service, plan: impl FnMut(&'static Method) -> Plan) -> Self {
        let plans = Self {
            service,
            hot: service.methods.iter().map(|_| Hot::default()).collect(),
            table: ArcSwap::from_pointee(Box::default()),
        };
        plans.swap(plan);
        plans
    }

    /// The service whose methods these are.
    pub fn service(&self) -> &'static Service {
        self.service
    }

    /// Puts what `plan` makes for each method in the place of what held so far. Calls that are under way go on with what
    /// they have read.
    pub fn swap(&self, plan: impl FnMut(&'static Method) -> Plan) {
        let table: Box<[Plan]> = self.service.methods.iter().map(plan).collect();
        for (hot, plan) in self.hot.iter().zip(&table) {
            hot.on.store(plan.switches(), Relaxed);
            hot.timeout.store(nanos(plan.policies.timeout), Release);
        }
        self.table.store(Arc::new(table));
    }

    /// Whether a policy is on for the calls of `method`.
    #[inline]
    pub fn is_on(&self, method: &Method, switch: Switch) -> bool {
        self.hot[method.index].on.load(Relaxed) & switch as u32 != 0
    }

    /// The longest that a call of `method` may take.
    #[inline]
    pub fn timeout(&self, method: &Method) -> Option<Duration> {
        match self.hot[method.index].timeout.load(Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// What holds for the calls of `method` now.
    pub fn of(&self, method: &Method) -> Planned {
        Planned {
            table: self.table.load(),
            index: method.index,
        }
    }
}

// === Plan ===

impl Plan {
    /// What `policies` say, once they are known to make sense.
    pub fn new(policies: Policies) -> Self {
        Self {
            policies,
            #[cfg(feature = "faults")]
            faults: faults(&policies),
        }
    }

    /// The same, and what is done to calls on purpose.
    #[cfg(feature = "faults")]
    #[must_use]
    pub fn with_faults(self, faults: Option<Rule>) -> Self {
        Self { faults, ..self }
    }

    fn switches(&self) -> u32 {
        let policies = &self.policies;
        let switch = |on: bool, switch: Switch| if on { switch as u32 } else { 0 };
        let switches = switch(policies.retry.is_some(), Switch::Retry)
            | switch(policies.hedging.is_some(), Switch::Hedging);
        let budget = policies.min_budget.or(policies.propagation_margin);
        let switches = switches | switch(budget.is_some(), Switch::Budget);
        let timeout = policies
            .retry
            .and_then(|retry| retry.per_attempt_recv_timeout);
        let switches = switches | switch(timeout.is_some(), Switch::AttemptTimeout);
        let ready = policies.wait_for_ready.is_some();
        let switches = switches | switch(ready, Switch::WaitForReady);
        #[cfg(feature = "faults")]
        let switches = switches | switch(self.faults.is_some(), Switch::Faults);
        switches
    }
}

/// What is read of faults is within its bounds; what is set by code and is not does nothing.
#[cfg(feature = "faults")]
fn faults(policies: &Policies) -> Option<Rule> {
    let config = Config::from(policies.faults.as_ref()?);
    config.rule().ok()
}

impl Deref for Planned {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.table[self.index]
    }
}

fn nanos(timeout: Option<Duration>) -> u64 {
    timeout.map_or(0, |timeout| {
        u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX).max(1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{call::RetryPolicy, fixture::ECHO};

    #[test]
    fn a_new_table_holds_from_the_next_call_on_and_not_for_what_was_read_before() {
        let plans = Plans::of_contract(&ECHO);
        let method = &ECHO.methods[0];
        let before = plans.of(method);
        assert!(!plans.is_on(method, Switch::Retry));

        let changed = Policies {
            timeout: None,
            retry: Some(RetryPolicy::UNSET),
            ..method.policies
        };
        plans.swap(|_| Plan::new(changed));

        assert_eq!(before.policies, method.policies);
        assert_eq!(plans.of(method).policies, changed);
        assert!(plans.is_on(method, Switch::Retry));
        assert!(!plans.is_on(method, Switch::Hedging));
        assert_eq!(plans.timeout(method), None);
    }

    #[test]
    fn a_timeout_is_exact_and_the_longest_is_none_that_anyone_sees_the_end_of() {
        let plans = Plans::of_contract(&ECHO);
        let method = &ECHO.methods[0];
        for (said, holds) in [
            (Duration::from_nanos(1), Duration::from_nanos(1)),
            (Duration::ZERO, Duration::from_nanos(1)),
            (Duration::MAX, Duration::from_nanos(u64::MAX)),
        ] {
            let policies = Policies {
                timeout: Some(said),
                ..Policies::UNSET
            };
            plans.swap(|_| Plan::new(policies));
            assert_eq!(plans.timeout(method), Some(holds));
        }
    }
}
