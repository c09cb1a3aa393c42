//! Who answers the calls of one path: one implementation, or the one of several that fits the caller.

use std::{fmt, sync::Arc};

use tonic::Status;

use super::{Announced, Method, Peer, Service, Shared};

/// Who answers the calls of one path.
#[derive(Clone)]
pub enum Route {
    /// The one implementation that there is.
    One(&'static Method, Shared),
    /// One of several releases of the service, of which the newest has the given method.
    Several(&'static Method, Arc<dyn Choose>),
}

/// Picks one of several implementations of a method by what the head of a call says.
pub trait Choose: Send + Sync {
    /// The method as its implementation knows it, and who answers it.
    ///
    /// # Errors
    /// The refusal, if there is none for this caller.
    fn choose(
        &self,
        client: &Announced,
        peer: Option<&Peer>,
    ) -> Result<(&'static Method, &Shared), Refused>;

    /// The release that tells this caller what there is not.
    fn release(&self, client: &Announced) -> &'static Service;
}

/// No implementation is for the caller.
#[derive(Debug)]
pub struct Refused {
    /// The release that refuses, and announces itself.
    pub service: &'static Service,
    /// What the caller is told.
    pub status: Status,
}

impl Route {
    /// The method as its implementation for this caller knows it, and who answers it.
    ///
    /// # Errors
    /// The refusal, if there is none for this caller.
    pub fn choose(
        &self,
        client: &Announced,
        peer: Option<&Peer>,
    ) -> Result<(&'static Method, &Shared), Refused> {
        match self {
            Self::One(method, invoke) => Ok((method, invoke)),
            Self::Several(_, several) => several.choose(client, peer),
        }
    }

    /// The service as the implementation for this caller knows it; as the newest does where there is none for it.
    pub fn release(&self, client: &Announced) -> &'static Service {
        match self {
            Self::One(method, _) => method.service,
            Self::Several(_, several) => several.release(client),
        }
    }

    /// The method as the newest implementation knows it.
    pub fn method(&self) -> &'static Method {
        match self {
            Self::One(method, _) | Self::Several(method, _) => method,
        }
    }
}

impl Refused {
    /// The status with what the release that refuses says of itself.
    pub fn announced(mut self) -> Status {
        if self.service.is_versioned() {
            let said = &self.service.release().server;
            said.put_into(self.status.metadata_mut());
        }
        self.status
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.method().fmt(formatter)
    }
}
