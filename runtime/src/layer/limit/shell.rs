//! What all limits have around them: a table with the limit of each method, and what they did.

use std::{future::Future, pin::Pin, sync::Arc};

use futures_util::future::Either;
use tonic::Status;

use super::{Counts, Side, Table};
use crate::call::{Call, Invoke, Reply};

/// A limit that knows how to let a call pass it.
pub trait Bounds: Send + Sync + Sized + 'static {
    /// Sends `call` on to what is inside of `at` once there is room for it, or refuses it.
    fn pass<I: Invoke>(
        self: Arc<Self>,
        at: &Bounded<Self, I>,
        call: Call,
    ) -> impl Future<Output = Result<Reply, Status>> + Send;
}

/// Asks the limit of its method before every call. A method without one costs the load of a word.
#[derive(Debug)]
pub struct Bounded<P, I> {
    pub(super) inner: I,
    table: Arc<Table<P>>,
    pub(super) side: Side,
    pub(super) counts: Arc<Counts>,
}

/// Puts a [`Bounded`] around what it is given. Whatever one layer is put around counts together.
#[derive(Debug)]
pub struct BoundedLayer<P> {
    pub(super) table: Arc<Table<P>>,
    side: Side,
    counts: Arc<Counts>,
}

// === BoundedLayer ===

impl<P> BoundedLayer<P> {
    /// Asks the limits in `table`.
    pub fn new(table: Arc<Table<P>>, side: Side) -> Self {
        Self {
            table,
            side,
            counts: Arc::default(),
        }
    }

    /// The same, counting into `counts`.
    #[must_use]
    pub fn counting(mut self, counts: Arc<Counts>) -> Self {
        self.counts = counts;
        self
    }

    /// What its limits did so far.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }
}

impl<P> Clone for BoundedLayer<P> {
    fn clone(&self) -> Self {
        Self {
            table: Arc::clone(&self.table),
            side: self.side,
            counts: Arc::clone(&self.counts),
        }
    }
}

impl<P, I> tower_layer::Layer<I> for BoundedLayer<P> {
    type Service = Bounded<P, I>;

    fn layer(&self, inner: I) -> Bounded<P, I> {
        Bounded {
            inner,
            table: Arc::clone(&self.table),
            side: self.side,
            counts: Arc::clone(&self.counts),
        }
    }
}

// === Bounded ===

impl<P, I> Bounded<P, I> {
    /// What it stands around.
    pub(crate) fn inner(&self) -> &I {
        &self.inner
    }
}

impl<P: Bounds, I: Invoke> Invoke for Bounded<P, I> {
    #[inline(always)]
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        match self.table.of(call.method) {
            None => Either::Left(self.inner.invoke(call)),
            Some(limit) => Either::Right(self.apart(limit, call)),
        }
    }
}

impl<P: Bounds, I: Invoke> Bounded<P, I> {
    /// Kept out of the way of the calls that have no limit.
    #[inline(never)]
    fn apart(
        &self,
        limit: Arc<P>,
        call: Call,
    ) -> Pin<Box<impl Future<Output = Result<Reply, Status>> + Send>> {
        Box::pin(limit.pass(self, call))
    }
}
