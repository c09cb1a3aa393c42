//! The client's stack over one carrier, for the methods of one service.

use std::{fmt, future::Future, sync::Arc};

use tonic::Status;

use crate::{
    call::{Call, Invoke, Reply, Service},
    layer::{
        attempt::Attempt,
        breaker::{Breaker, Breakers},
        deadline,
        retry::{self, Retry, Target},
        version,
    },
    policy::{breaker::Handle, plan::Plans},
};

type Layers<C> = deadline::Calling<Retry<Breaker<version::Calling<Attempt<C>>>>>;

/// The layers that a client's calls pass, with what they keep for one service at one target. Cheap to clone.
pub struct Client<C> {
    parts: Arc<Parts<C>>,
}

struct Parts<C> {
    layers: Layers<C>,
    plans: Arc<Plans>,
    counts: Counts,
    breakers: Arc<Breakers>,
    service: &'static Service,
}

/// What the policies of a stack did so far.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Deadlines.
    pub deadline: Arc<deadline::Counts>,
    /// Retries.
    pub retry: Arc<retry::Counts>,
    /// Versions.
    pub version: Arc<version::Counts>,
}

impl<C> Client<C> {
    /// Puts the client's layers for `service` over `carrier`.
    pub fn new(carrier: C, service: &'static Service) -> Self {
        Self::sharing(carrier, service, &Arc::default())
    }

    /// The same, for one of several services at one target, which share what `target` holds.
    pub fn sharing(carrier: C, service: &'static Service, target: &Arc<Target>) -> Self {
        let counts = Counts::default();
        let plans = Arc::new(Plans::of_contract(service));
        let breakers = Arc::new(Breakers::new(service));
        let layers = version::Calling::new(Attempt::new(carrier), Arc::clone(&counts.version));
        let layers = Breaker::new(layers, Arc::clone(&breakers));
        let layers = Retry::new(layers, Arc::clone(&plans), Arc::clone(target))
            .counting(Arc::clone(&counts.retry));
        let layers =
            deadline::Calling::new(layers, Arc::clone(&plans), Arc::clone(&counts.deadline));
        Self {
            parts: Arc::new(Parts {
                layers,
                plans,
                counts,
                breakers,
                service,
            }),
        }
    }

    /// What holds for each method.
    pub fn plans(&self) -> &Arc<Plans> {
        &self.parts.plans
    }

    /// What the policies did so far.
    pub fn counts(&self) -> &Counts {
        &self.parts.counts
    }

    /// The breakers, one a method.
    pub fn breakers(&self) -> &Breakers {
        &self.parts.breakers
    }

    /// The breaker of the method that the contract calls `name`: its state, its counts, its events, and the way to
    /// force it. `None` if there is no such method.
    pub fn breaker(&self, name: &str) -> Option<Handle> {
        let methods = self.parts.service.methods;
        let method = methods.iter().find(|method| method.name == name)?;
        Some(Handle::new(Arc::clone(self.breakers().of(method))))
    }
}

impl<C: Invoke> Invoke for Client<C> {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        self.parts.layers.invoke(call)
    }
}

impl<C> Clone for Client<C> {
    fn clone(&self) -> Self {
        Self {
            parts: Arc::clone(&self.parts),
        }
    }
}

impl<C> fmt::Debug for Client<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("service", self.parts.service)
            .finish_non_exhaustive()
    }
}
