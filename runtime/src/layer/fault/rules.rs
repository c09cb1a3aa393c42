//! Which methods get which faults: what a program says when it builds a channel or a server, and what their plans say.

use std::{fmt, sync::Arc};

use tonic::metadata::MetadataMap;

use super::process;
use crate::{
    call::{Call, Method},
    policy::{
        fault::{Faults, Injection, Permit, Rule, Wish},
        plan::{Plans, Switch},
    },
};

type Choose = dyn Fn(&'static Method) -> Option<Rule> + Send + Sync;

/// Which faults a program wants for the calls of each method, and the gate that they wait behind. By default none of its
/// own, behind the gate of the process. Where it wants some, what the method's plan says of faults counts for nothing.
#[derive(Clone)]
pub struct Rules {
    choose: Option<Arc<Choose>>,
    faults: Arc<Faults>,
}

/// The rules for the methods of one service.
#[derive(Debug)]
pub(super) struct Table {
    own: Box<[Option<Rule>]>,
    plans: Arc<Plans>,
    faults: Arc<Faults>,
}

// === Rules ===

impl Rules {
    /// `choose` is asked once for each method of a service. The gate is that of the [`process`](super::process).
    pub fn new(choose: impl Fn(&'static Method) -> Option<Rule> + Send + Sync + 'static) -> Self {
        Self {
            choose: Some(Arc::new(choose)),
            ..Self::default()
        }
    }

    /// The same behind a gate, with a limit and a seed of its own.
    #[must_use]
    pub fn within(self, faults: Arc<Faults>) -> Self {
        Self { faults, ..self }
    }

    fn of(&self, method: &'static Method) -> Option<Rule> {
        self.choose.as_ref().and_then(|choose| choose(method))
    }

    /// The gate.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            choose: None,
            faults: Arc::clone(process()),
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rules")
            .field("any", &self.choose.is_some())
            .field("faults", &self.faults)
            .finish()
    }
}

// === Table ===

impl Table {
    pub(super) fn new(plans: Arc<Plans>, rules: &Rules) -> Self {
        let methods = plans.service().methods.iter();
        Self {
            own: methods.map(|method| rules.of(method)).collect(),
            faults: Arc::clone(&rules.faults),
            plans,
        }
    }

    /// Whether something may be done to the calls of `method` now.
    #[inline]
    pub(super) fn is_on(&self, method: &Method) -> bool {
        self.faults.are_on()
            && (self.own[method.index].is_some() || self.plans.is_on(method, Switch::Faults))
    }

    /// Draws what is done to `call`; `wish` reads what its metadata ask for, where they may ask at all.
    pub(super) fn draw(
        &self,
        call: &mut Call,
        wish: impl FnOnce(&mut MetadataMap) -> Wish,
    ) -> Option<(Injection, Permit)> {
        let planned = self.plans.of(call.method);
        let own = self.own[call.method.index].as_ref();
        let rule = own.or(planned.faults.as_ref())?;
        let wish = match rule.headers {
            true => wish(&mut call.metadata),
            false => Wish::default(),
        };
        self.faults.draw(rule, &wish)
    }

    /// The gate.
    pub(super) fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }
}
