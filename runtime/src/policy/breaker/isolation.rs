//! Takes a peer out of use for as long as somebody wants it out, and puts back what was there before.

use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;
use std::time::Instant;

use super::Breaker;
use super::change::{History, Step, Wait};
use super::event::{Cause, Event};
use super::state::State;

/// Refuses every call of a breaker for as long as it lives.
///
/// Several may be held at once; the last one that is dropped ends it. Then the breaker is what it was before: with an empty
/// window if calls flowed, and waiting for its probes no longer than it would have if it was open. What is forced, reset
/// or reconfigured meanwhile takes effect at the end.
#[must_use = "the peer is isolated only while this lives"]
#[derive(Debug)]
pub struct Isolation {
    breaker: Arc<Breaker>,
    clock: fn() -> Instant,
}

/// The state that isolation covers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beneath {
    state: State,
    /// When the wait is over, if it is open.
    until: u64,
}

// === Isolation ===

impl Isolation {
    pub(super) fn new(breaker: Arc<Breaker>, clock: fn() -> Instant) -> Self {
        let now = clock();
        let mut history = breaker.history();
        let event = match history.isolated {
            0 => {
                history.beneath = breaker.beneath();
                let step = Step::new(State::ForcedOpen, Cause::Isolated);
                breaker.change(&mut history, now, |_| Some(step))
            }
            _ => None,
        };
        history.isolated += 1;
        drop(history);
        breaker.tell(event);
        Self { breaker, clock }
    }
}

impl Drop for Isolation {
    fn drop(&mut self) {
        let mut history = self.breaker.history();
        history.isolated -= 1;
        let event = match history.isolated {
            0 => self.breaker.uncover(&mut history, (self.clock)()),
            _ => None,
        };
        drop(history);
        self.breaker.tell(event);
    }
}

// === Breaker: isolation ===

impl Breaker {
    /// What is there now. Probes that are out become stale, so that new ones will be sent at once.
    fn beneath(&self) -> Beneath {
        match self.state() {
            State::Open => Beneath {
                state: State::Open,
                until: self.until.load(Acquire),
            },
            State::HalfOpen => Beneath::of(State::Open),
            state => Beneath::of(state),
        }
    }

    fn uncover(&self, history: &mut History, now: Instant) -> Option<Event> {
        let Beneath { state, until } = history.beneath;
        let step = Step {
            wait: match state {
                State::Open => Wait::Until(until),
                _ => Wait::Nominal,
            },
            ..Step::new(state, Cause::Isolated)
        };
        self.change(history, now, |_| Some(step))
    }
}

// === Beneath ===

impl Beneath {
    /// A state that was not entered by a failure.
    pub(super) const fn of(state: State) -> Self {
        Self { state, until: 0 }
    }
}
