//! Leave to make one call, and the answer of a breaker that gives none.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::state::Word;
use super::{Breaker, State, Verdict};

/// Leave to make one call.
///
/// Complete it with what came of the call. Dropping it says that the call was given up: nothing is recorded, and a
/// probe's place is free again. `B` is `&Breaker`, which costs nothing, or [`Arc<Breaker>`] for a permit that lives
/// as long as a stream.
#[derive(Debug)]
#[must_use = "dropping a permit says that the call was given up"]
pub struct Permit<B: Deref<Target = Breaker>> {
    breaker: B,
    ticket: Ticket,
    completed: bool,
}

/// A permit that holds the breaker itself, for calls that outlive the function that asked for leave.
pub type OwnedPermit = Permit<Arc<Breaker>>;

/// When a call was admitted, by the clock and by the breaker's changes of state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    /// State and generation, see `Word::phase`.
    pub(super) phase: u32,
    pub(super) started: Instant,
}

/// The breaker does not let this call out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("circuit breaker is {}{}", .state.adjective(), Retry(*.retry_in))]
pub struct Rejected {
    /// How long until the breaker will next reconsider; none while it is forced open, as nobody knows.
    pub retry_in: Option<Duration>,
    /// The state that refused.
    pub state: State,
    /// The number of changes of state before.
    pub generation: u32,
}

struct Retry(Option<Duration>);

// === Permit ===

impl<B: Deref<Target = Breaker>> Permit<B> {
    #[inline]
    pub(super) fn new(breaker: B, ticket: Ticket) -> Self {
        Self {
            breaker,
            ticket,
            completed: false,
        }
    }

    /// Tells the outcome of the call, at the end of its reply. If the breaker has changed its state since the call was
    /// admitted, the outcome is counted as stale and decides nothing.
    #[inline]
    pub fn complete(mut self, now: Instant, verdict: Verdict) {
        self.completed = true;
        self.breaker.settle(self.ticket, now, verdict);
    }

    /// The number of changes of state before the call was admitted.
    pub fn generation(&self) -> u32 {
        self.ticket.word().generation()
    }
}

impl<B: Deref<Target = Breaker>> Drop for Permit<B> {
    #[inline]
    fn drop(&mut self) {
        if !self.completed {
            self.breaker.abandon(self.ticket);
        }
    }
}

// === Ticket ===

impl Ticket {
    /// The state in which the call was admitted.
    #[inline]
    pub(super) fn state(self) -> State {
        self.word().state()
    }

    fn word(self) -> Word {
        Word::of_phase(self.phase)
    }
}

// === Rejected ===

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(wait) => write!(f, "; retry in {wait:.1?}"),
            None => Ok(()),
        }
    }
}
