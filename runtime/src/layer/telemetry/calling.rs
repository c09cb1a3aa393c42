//! The call as its caller sees it: from the first layer to the end of the answer.

use std::{future::Future, sync::Arc};

use futures_util::future::Either;
use tonic::Status;
use tracing::Instrument;

use super::{
    spans,
    watch::{Side, Watch},
};
use crate::{
    call::{Call, Invoke, Reply, Service},
    clock,
    context::Context,
    telemetry::{self, Durations, Measure},
};

/// Shows the calls of what it stands around.
#[derive(Debug)]
pub struct Calling<I> {
    inner: I,
    target: Option<Arc<str>>,
    durations: Arc<Durations>,
}

impl<I> Calling<I> {
    /// Shows the calls of `service` through `inner`, which go to `target`, if that has a name.
    pub fn new(inner: I, service: &'static Service, target: Option<Arc<str>>) -> Self {
        let durations = Durations::new(Measure::Call, service);
        Self {
            inner,
            target,
            durations: Arc::new(durations),
        }
    }
}

impl<I: Invoke> Invoke for Calling<I> {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        match telemetry::is_watched() {
            false => Either::Left(self.inner.invoke(call)),
            // Apart, so that calls that nobody looks at do not carry the room for it about.
            true => Either::Right(Box::pin(self.watched(call))),
        }
    }
}

impl<I: Invoke> Calling<I> {
    async fn watched(&self, mut call: Call) -> Result<Reply, Status> {
        call.started.get_or_insert_with(clock::now);
        let span = spans::of_call(call.method, self.target.as_deref());
        let watch = Watch::new(span.clone(), Side::Client, &call, &self.durations);
        if span.is_disabled() {
            return watch.finish(self.inner.invoke(call).await);
        }
        let mut context = Context::current();
        context.trace = spans::trace_within(&span, context.trace.as_ref());
        let called = context.scope(self.inner.invoke(call));
        watch.finish(called.instrument(span).await)
    }
}
