//! What can be seen of calls from outside: spans, traces that go on in other programs, and figures.
//!
//! Spans are [`tracing`]'s, with the names of OpenTelemetry's conventions for RPC. A call that is made has one (target
//! `couplet::call`), each attempt of it has one within that (`couplet::attempt`), and so has a call that is served
//! (`couplet::serve`). They are there as soon as a subscriber wants them, and cost a branch where none does.
//!
//! A trace goes on from program to program by the W3C's `traceparent`. Without a subscriber, what came with the call being
//! served is handed on as it is. With one, each span has a number of its own, which it says as `trace_id` and `span_id`; or
//! it has that of another library, if there is a [`Bridge`] to it.

#[cfg(not(feature = "metrics"))]
mod absent;
mod bridge;
#[cfg(feature = "metrics")]
pub mod metrics;
mod switch;

#[cfg(not(feature = "metrics"))]
pub(crate) use self::absent::{Durations, Measure};
pub use self::bridge::{Bridge, set_bridge};
#[cfg(feature = "metrics")]
pub(crate) use self::metrics::{Durations, Measure, Report, Reports, Tally};
pub(crate) use self::{
    bridge::bridge,
    switch::{are_figures_wanted, has_traces, is_watched, note_trace},
};
