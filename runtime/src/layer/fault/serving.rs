//! The server's side: faults between its policies and the handler, and which callers may ask for them.

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

/// Does something to the calls that a server gets, on purpose.
#[derive(Debug)]
pub struct Serving<I> {
    inner: I,
    plans: Arc<Plans>,
    faults: Arc<Faults>,
}

/// Puts a [`Serving`] around what it is given.
#[derive(Debug, Clone)]
pub struct ServingLayer {
    plans: Arc<Plans>,
    faults: Arc<Faults>,
}

impl ServingLayer {
    /// Does what `plans` say, while the gate of `faults` is open.
    pub fn new(plans: Arc<Plans>, faults: Arc<Faults>) -> Self {
        Self { plans, faults }
    }
}

impl<I> tower_layer::Layer<I> for ServingLayer {
    type Service = Serving<I>;

    fn layer(&self, inner: I) -> Serving<I> {
        Serving::new(inner, Arc::clone(&self.plans), Arc::clone(&self.faults))
    }
}

// === Serving ===

impl<I> Serving<I> {
    /// Does to the calls that `inner` gets what `plans` say, while the gate of `faults` is open.
    pub fn new(inner: I, plans: Arc<Plans>, faults: Arc<Faults>) -> Self {
        Self {
            inner,
            plans,
            faults,
        }
    }
}

impl<I: Invoke> Serving<I> {
    async fn perhaps(&self, mut call: Call) -> Result<Reply, Status> {
        let peer = call.peer.clone();
        let drawn = lot(&self.plans, &self.faults, &mut call, |metadata| {
            let wish = Wish::take(metadata);
            match self.faults.allows(peer.as_deref()) {
                true => wish,
                false => Wish::default(),
            }
        });
        match drawn {
            None => self.inner.invoke(call).await,
            Some(drawn) => {
                Injected::new(drawn, Reader::Server)
                    .invoke(&self.inner, call)
                    .await
            }
        }
    }
}

impl<I: Invoke> Invoke for Serving<I> {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        if self.faults.are_on() && self.plans.is_on(call.method, Switch::Faults) {
            Either::Right(Box::pin(self.perhaps(call)))
        } else {
            Either::Left(self.inner.invoke(call))
        }
    }
}
