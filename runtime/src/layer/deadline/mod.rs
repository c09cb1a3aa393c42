//! Ends every call by its deadline, on both ends, from waiting for a connection to the last trailer.
//!
//! On the client it stands outermost of what waits, so that connecting, queueing and every attempt are inside. On the
//! server it stands before everything that costs: a call that arrives too late is refused before its body is read.

mod calling;
mod expiry;
mod serving;
#[cfg(test)]
mod tests;

pub use self::{
    calling::{Calling, CallingLayer},
    serving::Serving,
};

use crate::policy::counter::Counter;

/// What the deadlines of one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls that had a deadline.
    pub bounded: Counter,
    /// Calls whose deadline had passed before anything was done.
    pub expired_on_arrival: Counter,
    /// Calls that were ended by their deadline before their reply.
    pub expired: Counter,
}
