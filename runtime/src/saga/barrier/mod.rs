//! The server's side of sagas: each action and each compensation takes effect once, whatever the network makes of them.
//!
//! Calls are repeated, overtake each other and come late. A [`Barrier`] knows them by their `x-saga-id` and stops
//!
//! - the same action or the same compensation a second time,
//! - a compensation whose action never came, which has nothing to take back,
//! - an action that comes after its compensation, which nobody would ever take back.
//!
//! The three are dtm's, whose branch barrier is the model. A handler puts its work behind it:
//!
//! ```
//! # use couplet::{Request, Response, Status};
//! use couplet::saga::barrier::Barrier;
//! # struct CreateOrder; #[derive(Default)] struct Order; struct Shop { barrier: Barrier }
//! # impl Shop {
//! # async fn create(&self, _: &CreateOrder) -> Result<Order, Status> { Ok(Order) }
//! # async fn find(&self, _: &CreateOrder) -> Result<Order, Status> { Ok(Order) }
//!
//! async fn create_order(&self, request: Request<CreateOrder>) -> Result<Response<Order>, Status> {
//!     let work = || self.create(request.get_ref());
//!     match self.barrier.guard(&request, work).await?.run() {
//!         Some(order) => Ok(Response::new(order)),
//!         // It was created by an earlier call, and this one only repeats that.
//!         None => self.find(request.get_ref()).await.map(Response::new),
//!     }
//! }
//! # }
//! ```
//!
//! What has run is remembered by a [`Store`]: in [`Memory`], or in the database that the work itself is done in, best in the
//! same transaction.

mod memory;
mod stage;
#[cfg(test)]
mod tests;

use std::future::Future;

use tonic::{Request, Status};

pub use self::memory::{Memory, MemoryPermit};
use super::{Op, SagaId};

/// Lets each action and each compensation of a saga take effect once.
#[derive(Debug, Clone, Default)]
pub struct Barrier<S = Memory> {
    store: S,
}

/// What became of a call behind a barrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It was run, with this result.
    Run(T),
    /// It had been run before, with success.
    AlreadyDone,
    /// It is a compensation, and there is nothing to take back: its action never came, and will not be let in any more.
    Nothing,
}

/// Remembers what has run.
///
/// To be asked by several servers it has to be shared by them, and to decide at one time: two calls of one id must not both
/// be let in.
pub trait Store: Send + Sync {
    /// Leave to run.
    type Permit: Permit;

    /// Whether what `id` says may run now.
    fn enter(
        &self,
        id: &SagaId,
    ) -> impl Future<Output = Result<Entry<Self::Permit>, Status>> + Send;
}

/// Leave to run one action or compensation. One that is dropped may have had an effect or not: its compensation will run,
/// and so will the same call if it comes again.
pub trait Permit: Send {
    /// It took effect, and must not again.
    fn complete(self) -> impl Future<Output = Result<(), Status>> + Send;
}

/// What a store says of a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry<P> {
    /// It may run.
    Run(P),
    /// The same has run.
    AlreadyDone,
    /// A compensation whose action was never seen. From here on the action must not be let in.
    Nothing,
    /// An action whose compensation has run, or is running.
    TooLate,
    /// The same, or the action that this would take back, is running right now.
    Busy,
}

// === Barrier ===

impl<S: Store> Barrier<S> {
    /// A barrier that remembers in `store`.
    pub fn new(store: S) -> Self {
        Self { store }
    }

    /// Runs `work` unless it must not run. The id in the metadata of `request` says whether it is an action or a
    /// compensation; without one it is no part of a saga, and runs.
    ///
    /// `work` that fails, or whose future is dropped, may be run again, and is taken back.
    ///
    /// # Errors
    /// What `work` fails with; ABORTED for an action that comes too late; UNAVAILABLE while the same is running, so that it
    /// is worth asking again; INVALID_ARGUMENT for an id that makes no sense; whatever the store fails with.
    pub async fn guard<Q, T, F>(
        &self,
        request: &Request<Q>,
        work: impl FnOnce() -> F,
    ) -> Result<Outcome<T>, Status>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let Some(id) = SagaId::of(request.metadata())? else {
            return work().await.map(Outcome::Run);
        };
        match self.store.enter(&id).await? {
            Entry::Run(permit) => {
                let done = work().await?;
                permit.complete().await?;
                Ok(Outcome::Run(done))
            }
            Entry::AlreadyDone => Ok(Outcome::AlreadyDone),
            Entry::Nothing => Ok(Outcome::Nothing),
            Entry::TooLate => Err(Status::aborted(format!("{id} was compensated already"))),
            Entry::Busy => Err(Status::unavailable(match id.op {
                Op::Action => format!("{id} is running"),
                Op::Compensation => format!("{id}, or what it takes back, is running"),
            })),
        }
    }
}

// === Outcome ===

impl<T> Outcome<T> {
    /// What was run; `None` where nothing had to be.
    pub fn run(self) -> Option<T> {
        match self {
            Self::Run(done) => Some(done),
            Self::AlreadyDone | Self::Nothing => None,
        }
    }
}
