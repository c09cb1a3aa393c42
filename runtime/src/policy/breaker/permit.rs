//! Leave to make one call, and the answer of a breaker that gives none.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::flight::Seat;
use super::state::Word;
use super::{Breaker, State, Verdict};

/// Leave to make one call.
///
/// Complete it with what came of the call. Dropping it says that the call was given up: a probe's place is free again, and
/// nothing else happens. `B` is `&Breaker`, which costs nothing, or [`Arc<Breaker>`] for a permit that lives
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
    /// Where it is counted while it is under way, if slow calls are looked for.
    pub(super) seat: Option<Seat>,
    pub(super) pace: Pace,
}

/// Whether a call is slow.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// That will be known when it ends.
    Unknown,
    /// The head of its reply has come, and was slow or not.
    Answered { slow: bool },
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
        self.breaker.settle(&self.ticket, now, verdict, None);
    }

    /// Tells that the call failed, and how long the peer asked not to be called: if this failure opens the breaker,
    /// that is the first wait (see [`Config::honor_pushback`](super::Config::honor_pushback)).
    pub fn fail(mut self, now: Instant, pushback: Option<Duration>) {
        self.completed = true;
        let verdict = Verdict::Failure;
        self.breaker.settle(&self.ticket, now, verdict, pushback);
    }

    /// Tells that the call was given up by its caller, which says nothing about the peer, unless it took long enough to
    /// be slow, or nothing else comes of any call (see [`Config::abandoned`](super::Config::abandoned)). A permit that is
    /// dropped does the same, but as nobody told it the time, the window does not hear of it.
    pub fn abandon(mut self, now: Instant) {
        self.completed = true;
        self.breaker.give_up(self.ticket, now);
    }

    /// Tells that the head of the reply has come, and what follows may last: the call is as slow as it was until now.
    pub fn answered(&mut self, now: Instant) {
        self.ticket.pace = self.breaker.pace(&self.ticket, now);
        self.ticket.seat = None;
    }

    /// Whether the time of a success has to be exact. If not, a call that was answered without a wait may be completed
    /// with the time at which it [started](Self::started), which saves reading the clock: the window counts it earlier by
    /// as long as it held its thread, and the slices of a window are a tenth of it.
    #[inline]
    pub fn is_timed(&self) -> bool {
        self.breaker.times(&self.ticket)
    }

    /// The breaker that gave it.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// When the call was admitted.
    #[inline]
    pub fn started(&self) -> Instant {
        self.ticket.started
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
            self.breaker.forget(self.ticket);
        }
    }
}

// === Ticket ===

impl Ticket {
    /// The state in which the call was admitted.
    #[inline]
    pub(super) fn state(&self) -> State {
        self.word().state()
    }

    #[inline]
    fn word(&self) -> Word {
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
