//! Leave to serve one call, and what came of it.

use std::{ops::Deref, sync::Arc, time::Instant};

use super::Limiter;

/// Leave to serve one call.
///
/// Complete it with what came of the call. Dropping it makes room for the next and says nothing more.
#[derive(Debug)]
#[must_use = "dropping a permit says that nothing came of the call"]
pub struct Permit<B: Deref<Target = Limiter>> {
    pub(super) limiter: B,
    pub(super) ticket: Ticket,
    pub(super) settled: bool,
}

/// A permit that holds the limiter itself, for calls that outlive the function that asked for leave.
pub type OwnedPermit = Permit<Arc<Limiter>>;

/// What came of a call, as far as a limiter cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was served, well or not: its latency says how busy the server is.
    Served,
    /// Something further on had no room for it, or took too long: the limit is too high.
    Dropped,
    /// Its caller gave it up, or its deadline passed. Says nothing if that was early, and that the call took too long
    /// if it was late, compared with the others.
    Abandoned,
    /// Nothing is to be learned from it: a fault that was injected, a call that was refused before it was served.
    Ignored,
}

/// When a call was admitted, by the clock and by the changes of the limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    pub(super) started: Instant,
    pub(super) generation: u32,
}

// === Permit ===

impl<B: Deref<Target = Limiter>> Permit<B> {
    /// Tells what came of the call, when its answer is there. For a stream that is the head of its answer: how long a
    /// stream lasts is no latency.
    #[inline]
    pub fn complete(mut self, now: Instant, outcome: Outcome) {
        self.settled = true;
        self.limiter.settle(self.ticket, now, outcome);
    }
}

impl<B: Deref<Target = Limiter>> Drop for Permit<B> {
    #[inline]
    fn drop(&mut self) {
        if !self.settled {
            self.limiter.leave();
        }
    }
}
