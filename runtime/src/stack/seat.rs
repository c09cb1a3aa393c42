//! The seat of fault injection, innermost in both stacks: taken in programs that were built with it, and not there in others.

#[cfg(feature = "faults")]
pub(super) use taken::{Handled, Sent, handled, sent};

#[cfg(not(feature = "faults"))]
pub(super) use absent::{Handled, Sent, handled, sent};

#[cfg(feature = "faults")]
mod taken {
    use std::sync::Arc;

    use crate::{
        layer::fault::{Calling, Serving},
        policy::plan::Plans,
        stack::{ClientSettings, ServerSettings},
    };

    pub(in crate::stack) type Sent<C> = Calling<C>;
    pub(in crate::stack) type Handled<C> = Serving<C>;

    pub(in crate::stack) fn sent<C>(
        carrier: C,
        plans: &Arc<Plans>,
        settings: &ClientSettings,
    ) -> Sent<C> {
        Calling::new(carrier, Arc::clone(plans), &settings.faults)
    }

    pub(in crate::stack) fn handled<C>(
        handler: C,
        plans: &Arc<Plans>,
        settings: &ServerSettings,
    ) -> Handled<C> {
        Serving::new(handler, Arc::clone(plans), &settings.faults)
    }
}

#[cfg(not(feature = "faults"))]
mod absent {
    use std::sync::Arc;

    use crate::{
        policy::plan::Plans,
        stack::{ClientSettings, ServerSettings},
    };

    pub(in crate::stack) type Sent<C> = C;
    pub(in crate::stack) type Handled<C> = C;

    pub(in crate::stack) fn sent<C>(carrier: C, _: &Arc<Plans>, _: &ClientSettings) -> C {
        carrier
    }

    pub(in crate::stack) fn handled<C>(handler: C, _: &Arc<Plans>, _: &ServerSettings) -> C {
        handler
    }
}
