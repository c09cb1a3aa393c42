//! The seat of fault injection, innermost in both stacks: taken in programs that were built with it, and not there in others.

#[cfg(feature = "faults")]
pub(super) use taken::{Handled, Sent, handled, plans, sent};

#[cfg(not(feature = "faults"))]
pub(super) use absent::{Handled, Sent, handled, plans, sent};

#[cfg(feature = "faults")]
mod taken {
    use std::sync::Arc;

    use crate::{
        call::Service,
        layer::fault::{Calling, Serving},
        policy::plan::{Plan, Plans},
        stack::{ClientSettings, ServerSettings},
    };

    pub(in crate::stack) type Sent<C> = Calling<C>;
    pub(in crate::stack) type Handled<C> = Serving<C>;

    pub(in crate::stack) fn plans(service: &'static Service, settings: &ClientSettings) -> Plans {
        let faults = &settings.faults;
        Plans::new(service, |method| {
            Plan::new(method.policies).with_faults(faults.of(method))
        })
    }

    pub(in crate::stack) fn sent<C>(
        carrier: C,
        plans: &Arc<Plans>,
        settings: &ClientSettings,
    ) -> Sent<C> {
        let faults = Arc::clone(settings.faults.faults());
        Calling::new(carrier, Arc::clone(plans), faults)
    }

    pub(in crate::stack) fn handled<C>(
        handler: C,
        service: &'static Service,
        settings: &ServerSettings,
    ) -> Handled<C> {
        let rules = &settings.faults;
        let plans = Plans::new(service, |method| {
            Plan::new(method.policies).with_faults(rules.of(method))
        });
        Serving::new(handler, Arc::new(plans), Arc::clone(rules.faults()))
    }
}

#[cfg(not(feature = "faults"))]
mod absent {
    use std::sync::Arc;

    use crate::{
        call::Service,
        policy::plan::Plans,
        stack::{ClientSettings, ServerSettings},
    };

    pub(in crate::stack) type Sent<C> = C;
    pub(in crate::stack) type Handled<C> = C;

    pub(in crate::stack) fn plans(service: &'static Service, _: &ClientSettings) -> Plans {
        Plans::of_contract(service)
    }

    pub(in crate::stack) fn sent<C>(carrier: C, _: &Arc<Plans>, _: &ClientSettings) -> C {
        carrier
    }

    pub(in crate::stack) fn handled<C>(handler: C, _: &'static Service, _: &ServerSettings) -> C {
        handler
    }
}
