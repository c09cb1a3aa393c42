//! One end of a call, or anything that stands between the two ends.

use std::{future::Future, pin::Pin, sync::Arc};

use tonic::Status;

use super::{Call, Reply};

/// Takes a call and answers it: a carrier, a layer around another `Invoke`, or a service.
///
/// A layer is an `async fn invoke(&self, call)` that reads as the story of one call: no boxes, no `poll`. Dropping the
/// future cancels the call.
pub trait Invoke: Send + Sync {
    /// Answers `call`.
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send;
}

impl<I: Invoke + ?Sized> Invoke for Arc<I> {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        (**self).invoke(call)
    }
}

/// An [`Invoke`] whose type is forgotten, for tables and for places chosen at run time. Costs one box a call.
pub type Shared = Arc<dyn Erased>;

/// Forgets the type of `invoke`.
pub fn share(invoke: impl Invoke + 'static) -> Shared {
    Arc::new(Arc::new(invoke))
}

type Answer = Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>;

/// What [`Shared`] holds; nothing to implement by hand.
pub trait Erased: Send + Sync {
    /// Answers `call` in a future that owns what it needs.
    fn answer(&self, call: Call) -> Answer;
}

impl<I: Invoke + 'static> Erased for Arc<I> {
    fn answer(&self, call: Call) -> Answer {
        let this = Arc::clone(self);
        Box::pin(async move { this.invoke(call).await })
    }
}

impl Invoke for dyn Erased {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        self.answer(call)
    }
}
