//! The server's stack around one contract.

use std::sync::Arc;

use super::{ServerPlace, ServerSettings, seat};
use crate::{
    codegen::Contract,
    layer::{deadline, panics::Catch, place::Place, version},
};

/// The layers around a service.
pub type ServerLayers<C> =
    deadline::Serving<version::Serving<Place<Catch<seat::Handled<Place<C>>>>>>;

/// What the policies of a server's stack did so far.
#[derive(Debug, Clone, Default)]
pub struct ServerCounts {
    /// Deadlines.
    pub deadline: Arc<deadline::Counts>,
    /// Versions.
    pub version: Arc<version::Counts>,
}

/// Puts the server's layers around `contract`; they count into `counts`.
pub fn server<C: Contract>(
    contract: C,
    settings: &ServerSettings,
    counts: &ServerCounts,
) -> ServerLayers<C> {
    let own = &settings.layers;
    let contract = own.around(&ServerPlace::Handler, contract);
    let contract = seat::handled(contract, C::SERVICE, settings);
    let contract = Catch::new(contract);
    let contract = own.around(&ServerPlace::Arrival, contract);
    let contract = version::Serving::new(contract, Arc::clone(&counts.version));
    deadline::Serving::new(contract, Arc::clone(&counts.deadline))
}
