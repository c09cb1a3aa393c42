//! The client's side: faults between its policies and the carrier.

use std::{future::Future, sync::Arc};

use futures_util::future::Either;
use tonic::Status;

use super::inject::{Injected, Reader, lot};
use crate::{
    call::{Call, Invoke, Reply},
    policy::{
        fault::{Faults, Wish},
        plan::{Plans, Switch},
    },
};

/// Does something to a client's calls on purpose.
#[derive(Debug)]
pub struct Calling<I> {
    inner: I,
    plans: Arc<Plans>,
    pub(super) faults: Arc<Faults>,
}

/// Puts a [`Calling`] around what it is given.
#[derive(Debug, Clone)]
pub struct CallingLayer {
    plans: Arc<Plans>,
    faults: Arc<Faults>,
}

impl CallingLayer {
    /// Does what `plans` say, while the gate of `faults` is open.
    pub fn new(plans: Arc<Plans>, faults: Arc<Faults>) -> Self {
        Self { plans, faults }
    }
}

impl<I> tower_layer::Layer<I> for CallingLayer {
    type Service = Calling<I>;

    fn layer(&self, inner: I) -> Calling<I> {
        Calling::new(inner, Arc::clone(&self.plans), Arc::clone(&self.faults))
    }
}

// === Calling ===

impl<I> Calling<I> {
    /// Does to the calls of `inner` what `plans` say, while the gate of `faults` is open.
    pub fn new(inner: I, plans: Arc<Plans>, faults: Arc<Faults>) -> Self {
        Self {
            inner,
            plans,
            faults,
        }
    }
}

impl<I: Invoke> Calling<I> {
    async fn perhaps(&self, mut call: Call) -> Result<Reply, Status> {
        let drawn = lot(&self.plans, &self.faults, &mut call, |metadata| {
            // What this program wrote itself needs no leave but the config's.
            Wish::take(metadata)
        });
        match drawn {
            None => self.inner.invoke(call).await,
            Some(drawn) => {
                Injected::new(drawn, Reader::Client)
                    .invoke(&self.inner, call)
                    .await
            }
        }
    }
}

impl<I: Invoke> Invoke for Calling<I> {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        if self.faults.are_on() && self.plans.is_on(call.method, Switch::Faults) {
            Either::Right(Box::pin(self.perhaps(call)))
        } else {
            Either::Left(self.inner.invoke(call))
        }
    }
}
