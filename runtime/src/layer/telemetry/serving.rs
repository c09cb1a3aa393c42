//! A call that is served: from its arrival to the end of the answer.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::Either;
use tonic::Status;
use tracing::{Instrument, Span};

use super::{
    spans,
    watch::{Side, Watch},
};
#[cfg(feature = "metrics")]
use crate::telemetry::Reports;
use crate::{
    call::{Body, Call, Frame, Frames, Invoke, Reply, Service, Source},
    clock,
    telemetry::{self, Durations, Measure},
};

/// Shows the calls that it stands before, and takes up the traces of their callers.
#[derive(Debug)]
pub struct Serving<I> {
    inner: I,
    durations: Arc<Durations>,
    #[cfg(feature = "metrics")]
    #[expect(dead_code, reason = "it reports for as long as the service is there")]
    reports: Reports,
}

/// A streamed answer, made within the span of its call.
struct Spanned {
    span: Span,
    frames: Frames,
}

// === Serving ===

impl<I> Serving<I> {
    /// Shows the calls of `service` that `inner` serves.
    #[cfg(not(feature = "metrics"))]
    pub(crate) fn new(inner: I, service: &'static Service) -> Self {
        let durations = Durations::new(Measure::Serving, service);
        Self {
            inner,
            durations: Arc::new(durations),
        }
    }

    /// Shows the calls of `service` that `inner` serves, and keeps what reports of them.
    #[cfg(feature = "metrics")]
    pub(crate) fn new(inner: I, service: &'static Service, reports: Reports) -> Self {
        let durations = Durations::new(Measure::Serving, service);
        Self {
            inner,
            durations: Arc::new(durations),
            reports,
        }
    }
}

impl<I: Invoke> Invoke for Serving<I> {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        if call.trace.is_some() {
            telemetry::note_trace();
        }
        match telemetry::is_watched() {
            false => Either::Left(self.inner.invoke(call)),
            true => Either::Right(Box::pin(self.watched(call))),
        }
    }
}

impl<I: Invoke> Serving<I> {
    async fn watched(&self, mut call: Call) -> Result<Reply, Status> {
        call.started.get_or_insert_with(clock::now);
        let span = spans::of_serving(&call);
        if let (Some(bridge), Some(trace), false) =
            (telemetry::bridge(), &call.trace, span.is_disabled())
        {
            bridge.adopt(&span, trace);
        }
        call.trace = spans::trace_within(&span, call.trace.as_ref());
        if call.trace.is_some() {
            telemetry::note_trace();
        }
        let watch = Watch::new(span.clone(), Side::Server, &call, &self.durations);
        let mut answer = self.inner.invoke(call).instrument(span.clone()).await;
        if let Ok(reply) = &mut answer {
            spanned(span, reply);
        }
        watch.finish(answer)
    }
}

/// What makes a streamed answer runs after the call was handled, and belongs to it all the same.
fn spanned(span: Span, reply: &mut Reply) {
    if let (Body::Many(frames), false) = (&mut reply.body, span.is_disabled()) {
        let frames = std::mem::replace(frames, Frames::empty());
        reply.body = Body::Many(Frames::new(Spanned { span, frames }));
    }
}

// === Spanned ===

impl Source for Spanned {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let Self { span, frames } = &mut *self;
        let _entered = span.enter();
        frames.poll_frame(context)
    }
}
