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

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{call::Phase, policy::counter::Counter};

/// What the deadlines of one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls that had a deadline.
    pub bounded: Counter,
    /// Calls whose deadline had passed before anything was done.
    pub expired_on_arrival: Counter,
    /// Calls that were ended by their deadline before their reply.
    pub expired: Counter,
    /// All that were ended by it, streamed replies too, by what they waited for.
    pub phases: Phases,
}

/// Calls that were ended, by the phase that they were in. Rare, so the counts are not apart.
#[derive(Debug, Default)]
pub struct Phases([AtomicU64; Phase::ALL.len()]);

impl Phases {
    fn add(&self, phase: Phase) {
        self.0[phase as usize].fetch_add(1, Relaxed);
    }

    /// The calls that were ended in `phase`.
    pub fn of(&self, phase: Phase) -> u64 {
        self.0[phase as usize].load(Relaxed)
    }
}
