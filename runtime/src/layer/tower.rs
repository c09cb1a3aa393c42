//! The two ways between layers and tower, written once: any stack is a `tower::Service<Call>`, any such service is an
//! [`Invoke`], and any `tower::Layer` over such services can stand between two of our layers.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tonic::Status;
use tower_layer::Layer;
use tower_service::Service;

use crate::call::{Call, Invoke, Reply};

/// An [`Invoke`] as a `tower::Service<Call>`. Always ready; costs a box a call.
#[derive(Debug)]
pub struct AsService<I>(Arc<I>);

/// A `tower::Service<Call>` as an [`Invoke`]: cloned for each call and driven to readiness first.
#[derive(Debug)]
pub struct FromService<S>(S);

/// One of our layers as a `tower::Layer` over services.
#[derive(Debug, Clone)]
pub struct AsTower<L>(L);

/// A `tower::Layer` over services as one of ours.
#[derive(Debug, Clone)]
pub struct FromTower<L>(L);

/// The future of [`AsService`].
pub struct Answer(Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>);

// === AsService ===

impl<I> AsService<I> {
    /// Offers `invoke` as a service.
    pub fn new(invoke: I) -> Self {
        Self(Arc::new(invoke))
    }
}

impl<I> Clone for AsService<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I: Invoke + 'static> Service<Call> for AsService<I> {
    type Response = Reply;
    type Error = Status;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Answer {
        let invoke = Arc::clone(&self.0);
        Answer(Box::pin(async move { invoke.invoke(call).await }))
    }
}

// === FromService ===

impl<S> FromService<S> {
    /// Calls through `service`.
    pub fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S> Invoke for FromService<S>
where
    S: Service<Call, Response = Reply, Error = Status> + Clone + Send + Sync,
    S::Future: Send,
{
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let mut service = self.0.clone();
        poll_fn(|context| service.poll_ready(context)).await?;
        service.call(call).await
    }
}

// === AsTower ===

impl<L> AsTower<L> {
    /// Offers `layer`, which wraps an [`Invoke`], to tower.
    pub fn new(layer: L) -> Self {
        Self(layer)
    }
}

impl<S, L: Layer<FromService<S>>> Layer<S> for AsTower<L> {
    type Service = AsService<L::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        AsService::new(self.0.layer(FromService::new(inner)))
    }
}

// === FromTower ===

impl<L> FromTower<L> {
    /// Places `layer`, which wraps a service, among our layers.
    pub fn new(layer: L) -> Self {
        Self(layer)
    }
}

impl<I, L: Layer<AsService<I>>> Layer<I> for FromTower<L> {
    type Service = FromService<L::Service>;

    fn layer(&self, inner: I) -> Self::Service {
        FromService::new(self.0.layer(AsService::new(inner)))
    }
}

// === Answer ===

impl Future for Answer {
    type Output = Result<Reply, Status>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Answer").finish_non_exhaustive()
    }
}
