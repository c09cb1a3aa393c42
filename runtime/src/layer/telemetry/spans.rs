//! The spans, with the names that OpenTelemetry's conventions give to their fields.

use std::sync::Arc;

use tonic::{Code, Status};
use tracing::{
    Span,
    field::{Empty, display},
    info_span,
};

use super::watch::End;
use crate::{
    call::{Call, Method, Trace, code_name},
    telemetry::bridge,
};

/// A call as its caller sees it.
pub(super) fn of_call(method: &Method, target: Option<&str>) -> Span {
    let name = method.full_name();
    info_span!(
        target: "couplet::call",
        "call",
        otel.name = name,
        otel.kind = "client",
        rpc.system.name = "grpc",
        rpc.method = name,
        server.address = target,
        rpc.response.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty,
        trace_id = Empty,
        span_id = Empty,
    )
}

/// One of the times that it is sent.
pub(super) fn of_attempt(call: &Call) -> Span {
    let name = call.method.full_name();
    info_span!(
        target: "couplet::attempt",
        "attempt",
        otel.name = name,
        otel.kind = "internal",
        rpc.system.name = "grpc",
        rpc.method = name,
        previous_attempts = call.attempt.previous,
        hedged = call.attempt.race.is_some(),
        rpc.response.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty,
        trace_id = Empty,
        span_id = Empty,
    )
}

/// A call that is served.
pub(super) fn of_serving(call: &Call) -> Span {
    let name = call.method.full_name();
    let address = call.peer.as_ref().and_then(|peer| peer.address);
    info_span!(
        target: "couplet::serve",
        "serve",
        otel.name = name,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = name,
        client.address = address.map(|address| display(address.ip())),
        client.port = address.map(|address| address.port()),
        rpc.response.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty,
        trace_id = Empty,
        span_id = Empty,
    )
}

/// The trace as it goes on within `span`: what came in is its parent. Where nobody records the span it is handed on as it
/// came.
pub(super) fn trace_within(span: &Span, parent: Option<&Arc<Trace>>) -> Option<Arc<Trace>> {
    if span.is_disabled() {
        return parent.map(Arc::clone);
    }
    if let Some(bridge) = bridge() {
        return bridge
            .trace(span)
            .map(Arc::new)
            .or_else(|| parent.map(Arc::clone));
    }
    let own = fastrand::u64(1..);
    let trace = match parent {
        Some(parent) => parent.within(own),
        None => Trace::new(fastrand::u128(1..), own),
    };
    span.record("trace_id", display(format_args!("{:032x}", trace.id())));
    span.record("span_id", display(format_args!("{:016x}", trace.span())));
    Some(Arc::new(trace))
}

/// Writes down how it ended.
pub(super) fn end(span: &Span, end: End<'_>, is_error: impl Fn(Code) -> bool) {
    let code = end.code();
    span.record("rpc.response.status_code", code_name(code));
    if is_error(code) {
        span.record("error.type", code_name(code));
        span.record("otel.status_code", "ERROR");
        if let End::Failed(status) = end {
            span.record("otel.status_description", Status::message(status));
        }
    }
}

/// On a client every failure is an error.
pub(super) fn is_callers_error(code: Code) -> bool {
    code != Code::Ok
}

/// On a server those are errors that say that something is wrong with the server, and not with the call.
pub(super) fn is_servers_error(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}
