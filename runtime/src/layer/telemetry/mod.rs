//! Shows calls from outside: a span and a duration for each, and the trace that they belong to handed on.
//!
//! [`Calling`] stands outermost on the client and sees the call as its caller does. [`Attempt`] stands inside the retries
//! and says the trace to the peer, with the attempt as what causes the call there. [`Serving`] stands outermost on the
//! server. Where nobody looks, each is a branch.

mod attempt;
mod calling;
mod serving;
mod spans;
mod watch;

pub use self::{attempt::Attempt, calling::Calling, serving::Serving};
