//! What the stacks of a channel or of a server are built with, besides the service that each is for.

use std::sync::Arc;

use super::SharedLimits;
use crate::{
    codegen::Contract,
    config::live::Live,
    layer::{fallback::Fallback, panics::Catch, place::Own, retry::Target},
    policy::breaker::Registry,
};

/// Where a layer of a user's own may stand in a client's stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientPlace {
    /// Outermost: sees each call once, and its outcome as the caller gets it.
    Call,
    /// Around each attempt: inside the deadline, the limits and the retries, outside the breaker. What it refuses is
    /// retried as any other outcome.
    Attempt,
    /// Innermost: sees what is sent, with everything that the layers above have added.
    Carrier,
}

/// Where a layer of a user's own may stand in a server's stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerPlace {
    /// After the deadline and the version check, which cost nothing, and before the limits: the place to refuse callers
    /// that may not call.
    Arrival,
    /// Innermost, next to the handler: inside the limits and the net under panics. The place for what takes time, such as
    /// asking another service who the caller is.
    Handler,
}

/// Another implementation of a contract answers in the place of the peer. It panics in no caller.
impl<C: Contract> From<C> for Fallback {
    fn from(implementation: C) -> Self {
        Self::service(C::SERVICE, Catch::new(implementation))
    }
}

/// What a channel's stacks are built with.
#[derive(Debug, Clone, Default)]
pub struct ClientSettings {
    /// The user's own layers.
    pub layers: Own<ClientPlace>,
    /// What the channel calls, as it was named; nothing within the process.
    pub name: Option<Arc<str>>,
    /// What answers where a peer did not; the first that is for a method.
    pub fallbacks: Vec<Arc<Fallback>>,
    /// What says which policies hold.
    pub(crate) live: Option<Arc<Live>>,
    /// What the services at the target share.
    pub target: Arc<Target>,
    /// The breakers of the target's methods, by what they guard.
    pub breakers: Arc<Registry>,
    /// What is done to calls on purpose.
    #[cfg(feature = "faults")]
    pub faults: crate::layer::fault::Rules,
}

/// What a server's stacks are built with.
#[derive(Debug, Clone, Default)]
pub struct ServerSettings {
    /// The user's own layers.
    pub layers: Own<ServerPlace>,
    /// What says which policies hold, for servers that follow a configuration.
    pub(crate) live: Option<Arc<Live>>,
    /// What bounds all calls together.
    pub limits: SharedLimits,
    /// What is done to calls on purpose.
    #[cfg(feature = "faults")]
    pub faults: crate::layer::fault::Rules,
}

#[cfg(feature = "http2")]
impl ClientSettings {
    /// What the services at the target share, to be changed before there is a stack. Once there is one, whoever asks gets
    /// a target of its own.
    pub(crate) fn repeats(&mut self) -> &mut Target {
        if Arc::get_mut(&mut self.target).is_none() {
            self.target = Arc::default();
        }
        Arc::get_mut(&mut self.target).expect("nobody else has what was just made")
    }
}
