//! The client's side: faults between its policies and the carrier.

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

/// Does something to a client's calls on purpose.
#[derive(Debug)]
pub struct Calling<I> {
    inner: I,
    pub(super) table: Table,
}

/// Puts a [`Calling`] around what it is given.
#[derive(Debug, Clone)]
pub struct CallingLayer {
    plans: Arc<Plans>,
    rules: Rules,
}

impl CallingLayer {
    /// Does what `rules` say, or else `plans`, while the gate of the rules is open.
    pub fn new(plans: Arc<Plans>, rules: Rules) -> Self {
        Self { plans, rules }
    }
}

impl<I> tower_layer::Layer<I> for CallingLayer {
    type Service = Calling<I>;

    fn layer(&self, inner: I) -> Calling<I> {
        Calling::new(inner, Arc::clone(&self.plans), &self.rules)
    }
}

// === Calling ===

impl<I> Calling<I> {
    /// Does to the calls of `inner` what `rules` say, or else `plans`, which are those of one
    /// service, while the gate of the rules is open.
    pub fn new(inner: I, plans: Arc<Plans>, rules: &Rules) -> Self {
        let table = Table::new(plans, rules);
        Self { inner, table }
    }
}

impl<I: Invoke> Calling<I> {
    async fn perhaps(&self, mut call: Call) -> Result<Reply, Status> {
        let drawn = self.table.draw(&mut call, |metadata| {
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
        if self.table.is_on(call.method) {
            Either::Right(Box::pin(self.perhaps(call)))
        } else {
            Either::Left(self.inner.invoke(call))
        }
    }
}
