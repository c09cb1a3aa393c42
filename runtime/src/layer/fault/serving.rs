//! The server's side: faults between its policies and the handler, and which callers may ask for them.

use std::{future::Future, sync::Arc};

use futures_util::future::Either;
use tonic::Status;

use super::{
    inject::{Injected, Reader},
    rules::{Rules, Table},
};
use crate::{
    call::{Call, Invoke, Reply},
    policy::{fault::Wish, plan::Plans},
};

/// Does something to the calls that a server gets, on purpose.
#[derive(Debug)]
pub struct Serving<I> {
    inner: I,
    pub(super) table: Table,
}

/// Puts a [`Serving`] around what it is given.
#[derive(Debug, Clone)]
pub struct ServingLayer {
    plans: Arc<Plans>,
    rules: Rules,
}

impl ServingLayer {
    /// Does what `rules` say, or else `plans`, while the gate of the rules is open.
    pub fn new(plans: Arc<Plans>, rules: Rules) -> Self {
        Self { plans, rules }
    }
}

impl<I> tower_layer::Layer<I> for ServingLayer {
    type Service = Serving<I>;

    fn layer(&self, inner: I) -> Serving<I> {
        Serving::new(inner, Arc::clone(&self.plans), &self.rules)
    }
}

// === Serving ===

impl<I> Serving<I> {
    /// Does to the calls that `inner` gets what `rules` say, or else `plans`, which are those of one
    /// service, while the gate of the rules is open.
    pub fn new(inner: I, plans: Arc<Plans>, rules: &Rules) -> Self {
        let table = Table::new(plans, rules);
        Self { inner, table }
    }
}

impl<I: Invoke> Serving<I> {
    async fn perhaps(&self, mut call: Call) -> Result<Reply, Status> {
        let peer = call.peer.clone();
        let drawn = self.table.draw(&mut call, |metadata| {
            let wish = Wish::take(metadata);
            match self.table.faults().allows(peer.as_deref()) {
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
        if self.table.is_on(call.method) {
            Either::Right(Box::pin(self.perhaps(call)))
        } else {
            Either::Left(self.inner.invoke(call))
        }
    }
}
