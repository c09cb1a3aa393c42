//! What a program says about faults when it builds a channel or a server: which methods get which.

use std::{fmt, sync::Arc};

use super::process;
use crate::{
    call::Method,
    policy::fault::{Faults, Rule},
};

type Choose = dyn Fn(&'static Method) -> Option<Rule> + Send + Sync;

/// Which faults the calls of each method get, and the gate that they wait behind. By default none, behind the gate of the
/// process.
#[derive(Clone)]
pub struct Rules {
    choose: Option<Arc<Choose>>,
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

    /// What the calls of `method` get.
    pub fn of(&self, method: &'static Method) -> Option<Rule> {
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
