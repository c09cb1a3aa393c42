//! One of the times that a call is sent, and the trace that is said to the peer.

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

/// Shows the attempts that pass it, and says the trace that they belong to.
#[derive(Debug)]
pub struct Attempt<I> {
    inner: I,
    durations: Arc<Durations>,
}

impl<I> Attempt<I> {
    /// Shows the attempts that `inner` makes at calls of `service`.
    pub fn new(inner: I, service: &'static Service) -> Self {
        let durations = Durations::new(Measure::Attempt, service);
        Self {
            inner,
            durations: Arc::new(durations),
        }
    }
}

impl<I: Invoke> Invoke for Attempt<I> {
    fn invoke(&self, mut call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        if telemetry::is_watched() {
            return Either::Right(Box::pin(self.watched(call)));
        }
        if telemetry::has_traces() && call.trace.is_none() {
            call.trace = Context::current_trace();
        }
        Either::Left(self.inner.invoke(call))
    }
}

impl<I: Invoke> Attempt<I> {
    async fn watched(&self, mut call: Call) -> Result<Reply, Status> {
        call.started.get_or_insert_with(clock::now);
        let span = spans::of_attempt(&call);
        let parent = call.trace.take().or_else(Context::current_trace);
        call.trace = spans::trace_within(&span, parent.as_ref());
        let watch = Watch::new(span.clone(), Side::Client, &call, &self.durations);
        watch.finish(self.inner.invoke(call).instrument(span).await)
    }
}
