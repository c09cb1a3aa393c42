//! What a server can serve under one name: a contract, or several releases of one.

use std::sync::Arc;

use super::{ServerCounts, ServerSettings, VersionedError, server};
use crate::{
    call::{Route, Service, share},
    codegen::Contract,
};

/// What a server can serve: every contract, and [`Versioned`](super::Versioned).
pub trait Mount {
    /// The routes to it, inside the server's layers, which are built with `settings`.
    ///
    /// # Errors
    /// If its parts do not go together.
    fn mount(self, settings: &ServerSettings) -> Result<Mounted, VersionedError>;
}

/// A service inside the server's layers.
#[derive(Debug)]
pub struct Mounted {
    /// The contract; the newest release of it where there are several.
    pub service: &'static Service,
    /// Who answers its methods.
    pub routes: Vec<Route>,
    /// What the policies do.
    pub counts: ServerCounts,
}

impl<C: Contract> Mount for C {
    fn mount(self, settings: &ServerSettings) -> Result<Mounted, VersionedError> {
        let counts = self.counts();
        let invoke = share(server(self, settings, &counts));
        let methods = C::SERVICE.methods.iter();
        Ok(Mounted {
            service: C::SERVICE,
            routes: methods
                .map(|method| Route::One(method, Arc::clone(&invoke)))
                .collect(),
            counts,
        })
    }
}
