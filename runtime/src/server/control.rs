//! A way to change the policies of a server that runs.

use std::sync::Arc;

use crate::config::{ConfigCounts, Origin, ServiceConfig, ServiceConfigErrors, live::Live};

/// Changes the policies of a server while it runs. Cheap to clone; the server need not be there any more.
#[derive(Debug, Clone)]
pub struct Control(Arc<Live>);

// === Control ===

impl Control {
    pub(super) fn of(live: &Arc<Live>) -> Self {
        Self(Arc::clone(live))
    }

    /// Lets `config` hold from the next call on, over the service config that the server was built with and under what
    /// code says. Limits keep what they have counted. It replaces the last one that was pushed.
    ///
    /// # Errors
    /// If it makes no sense. Then nothing changes.
    pub fn push_service_config(&self, config: ServiceConfig) -> Result<(), ServiceConfigErrors> {
        let updated = self.0.update(Origin::Pushed, config);
        self.0.count(&updated);
        updated
    }

    /// What became of the service configs that came since the server was built.
    pub fn config_counts(&self) -> &Arc<ConfigCounts> {
        self.0.counts()
    }
}
