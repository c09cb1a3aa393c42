//! Thin shells around the policies: a layer waits, a policy decides.
//!
//! A layer is a struct that holds the inner [`Invoke`](crate::call::Invoke) and its policy, and one
//! `async fn invoke(&self, call)` that reads as the story of one call. A `tower_layer::Layer` builds it. The order in which
//! they stand is known to [`stack`](crate::stack) alone.

pub mod attempt;
pub mod breaker;
pub mod deadline;
pub mod fallback;
#[cfg(feature = "faults")]
pub mod fault;
pub mod limit;
pub mod panics;
pub mod place;
pub mod retry;
mod tap;
pub mod telemetry;
mod timer;
pub mod tower;
pub mod version;
