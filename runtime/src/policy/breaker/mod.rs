//! A circuit breaker: it stops calls to a peer that fails them, waits, and lets a few probes find out whether it is well.
//!
//! ```text
//!               rates or failures in a row
//!    ┌────────┐ ─────────────────────────▶ ┌──────┐ ◀─────────┐
//!    │ Closed │                            │ Open │           │ probes failed: a longer wait
//!    └────────┘ ◀───────────┐              └──────┘           │
//!                           │ probes passed    │ the wait is over
//!                           │              ┌──────────┐       │
//!                           └───────────── │ HalfOpen │ ──────┘
//!                                          └──────────┘ ⟲ no probe came back in time: new ones are sent
//!    ForcedOpen, ForcedClosed, Disabled, MetricsOnly: entered and left by hand alone
//! ```
//! Three things keep it out of the traps that breakers fall into. A call is admitted with a [`Permit`] that is
//! completed or dropped, so a probe that is given up frees its place. Every change of state is a new *generation*, and
//! what comes back from an earlier one counts for nothing. And the half-open state has a time limit, so that probes
//! that never come back cannot hold it for ever.
//!
//! One breaker guards one thing (a method of a target). It keeps no clock: the one who asks tells the time, and time
//! passes only when somebody asks. Admission reads one word; an outcome adds to counters that the thread shares with
//! hardly anyone. The lock is taken for changes of state alone. Which codes are failures, and every number, is in
//! [`Config`]; the names are those of resilience4j.

mod change;
mod codes;
mod config;
mod counts;
mod declared;
mod event;
mod handle;
mod judgement;
mod permit;
mod shards;
mod state;
mod streak;
mod window;

#[cfg(test)]
mod races;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod traps;

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub use self::codes::CodeSet;
pub use self::config::{Config, ConfigError, Mode, Verdict};
pub use self::counts::Counts;
pub use self::event::{Cause, Event, Subscription};
pub use self::handle::Handle;
pub use self::permit::{OwnedPermit, Permit, Rejected};
pub use self::state::State;
pub use self::window::Totals;
pub use crate::call::Window;

use self::change::History;
use self::counts::{Counters, count};
use self::event::Listeners;
use self::permit::Ticket;
use self::state::{Outcome, Word};
use self::streak::Streak;
use self::window::Sliding;

/// The breaker of one method of one target.
#[derive(Debug)]
pub struct Breaker {
    config: Config,
    /// Times are kept as nanoseconds since this.
    origin: Instant,
    word: AtomicU64,
    /// Open: when probes may go out. Half open: when to decide without those that are missing. Observing: when to
    /// speak up again. Written before the word that it belongs to.
    until: AtomicU64,
    window: Sliding,
    streak: Streak,
    counters: Counters,
    listeners: Listeners,
    /// Held by whoever changes the state.
    history: Mutex<History>,
}

// === Breaker: calls ===

impl Breaker {
    /// A breaker that starts as `config.mode` says. `seed` is where its jitter comes from: give every breaker another.
    ///
    /// # Errors
    /// The first parameter that [`Config::validate`] finds wrong.
    pub fn new(config: Config, now: Instant, seed: u64) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            origin: now,
            word: AtomicU64::new(Word::new(config.mode.state(), 0).0),
            until: AtomicU64::new(0),
            window: Sliding::new(config.sliding_window),
            streak: Streak::new(config.consecutive_failures),
            counters: Counters::new(),
            listeners: Listeners::default(),
            history: Mutex::new(History::new(seed)),
            config,
        })
    }

    /// Asks for leave to make a call.
    ///
    /// # Errors
    /// [`Rejected`] while the breaker is open, or half open with all its probes out.
    #[inline]
    pub fn admit(&self, now: Instant) -> Result<Permit<&Self>, Rejected> {
        Ok(Permit::new(self, self.ticket(now)?))
    }

    /// Asks for leave to make a call that outlives the caller, as streams do.
    ///
    /// # Errors
    /// [`Rejected`] while the breaker is open, or half open with all its probes out.
    pub fn admit_owned(self: &Arc<Self>, now: Instant) -> Result<OwnedPermit, Rejected> {
        Ok(Permit::new(Arc::clone(self), self.ticket(now)?))
    }

    /// The parameters that the breaker was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where the breaker stands. An open breaker stays so until a call asks for leave after the wait.
    pub fn state(&self) -> State {
        self.load().state()
    }

    /// What the breaker has seen in its life, and what its window holds at `now`.
    pub fn counts(&self, now: Instant) -> Counts {
        self.counters.sum(self.window.totals(self.nanos(now)))
    }

    #[inline]
    fn ticket(&self, now: Instant) -> Result<Ticket, Rejected> {
        let word = self.load();
        let phase = if word.state().flows() {
            word.phase()
        } else {
            self.guard(now)?
        };
        Ok(Ticket {
            phase,
            started: now,
        })
    }

    /// Admits where not every call is admitted, and moves on where it is time to.
    fn guard(&self, now: Instant) -> Result<u32, Rejected> {
        let at = self.nanos(now);
        loop {
            let word = self.load();
            let until = self.until.load(Acquire);
            let left = until.checked_sub(at).filter(|left| *left > 0);
            let next = match (word.state(), left) {
                (State::ForcedOpen, _) => return Err(self.refuse(word, None)),
                (State::Open, Some(_)) => return Err(self.refuse(word, left)),
                (State::Open, None) => {
                    self.advance(word, now, |_| (State::HalfOpen, Cause::WaitOver));
                    continue;
                }
                (State::HalfOpen, None) => {
                    self.advance(word, now, |word| self.config.probed_in_time(word));
                    continue;
                }
                (State::HalfOpen, _) => match word.launch(self.permitted()) {
                    None => return Err(self.refuse(word, left)),
                    Some(next) => next,
                },
                _ => return Ok(word.phase()),
            };
            if self.swap(word, next).is_ok() {
                return Ok(next.phase());
            }
        }
    }

    fn refuse(&self, word: Word, left: Option<u64>) -> Rejected {
        count(&self.counters.cells().rejected);
        Rejected {
            retry_in: left.map(Duration::from_nanos),
            state: word.state(),
            generation: word.generation(),
        }
    }

    #[inline]
    fn settle(&self, ticket: Ticket, now: Instant, verdict: Verdict) {
        let word = self.load();
        if word.phase() != ticket.phase {
            return count(&self.counters.cells().stale);
        }
        if word.state() == State::Disabled {
            return;
        }
        if verdict == Verdict::Ignored {
            count(&self.counters.cells().ignored);
            return self.release(ticket);
        }
        let outcome = Outcome {
            failed: verdict == Verdict::Failure,
            slow: match self.config.slow_call_duration_threshold {
                Some(threshold) => now.saturating_duration_since(ticket.started) >= threshold,
                None => false,
            },
        };
        if word.state() == State::HalfOpen {
            self.settle_probe(ticket, now, outcome);
        } else {
            self.settle_call(word, now, outcome);
        }
    }

    #[inline]
    fn settle_call(&self, word: Word, now: Instant, outcome: Outcome) {
        let at = self.nanos(now);
        if !self.window.record(word.generation(), at, outcome) {
            return count(&self.counters.cells().stale);
        }
        self.counters.outcome(outcome);
        let streak = self.streak.record(word.generation(), outcome.failed);
        if outcome.failed || outcome.slow {
            self.judge(word, now, streak);
        }
    }

    /// Opens if there were too many calls like the one that just ended.
    fn judge(&self, word: Word, now: Instant, streak: bool) {
        let cause = if streak {
            Some(Cause::ConsecutiveFailures)
        } else {
            self.config.too_many(self.window.totals(self.nanos(now)))
        };
        match (cause, word.state()) {
            (Some(cause), State::Closed) => self.advance(word, now, |_| (State::Open, cause)),
            (Some(cause), State::MetricsOnly) => self.speak_up(word, now, cause),
            _ => {}
        }
    }

    fn settle_probe(&self, ticket: Ticket, now: Instant, outcome: Outcome) {
        let Some(word) = self.update_probes(ticket, |word| word.land(outcome)) else {
            return count(&self.counters.cells().stale);
        };
        self.counters.outcome(outcome);
        if let Some(next) = self.config.probed(word) {
            self.advance(word, now, |_| next);
        }
    }

    fn abandon(&self, ticket: Ticket) {
        count(&self.counters.cells().abandoned);
        self.release(ticket);
    }

    /// Frees the place of a probe; other calls hold none.
    fn release(&self, ticket: Ticket) {
        if self.load().state() == State::HalfOpen {
            self.update_probes(ticket, Word::release);
        }
    }

    /// Changes the count of probes, unless the half-open state in which the ticket was given is over.
    fn update_probes(&self, ticket: Ticket, change: impl Fn(Word) -> Word) -> Option<Word> {
        let mut word = self.load();
        while word.phase() == ticket.phase {
            let next = change(word);
            match self.swap(word, next) {
                Ok(()) => return Some(next),
                Err(newer) => word = newer,
            }
        }
        None
    }

    #[inline]
    fn load(&self) -> Word {
        Word(self.word.load(Acquire))
    }

    fn swap(&self, seen: Word, next: Word) -> Result<(), Word> {
        let swapped = self.word.compare_exchange(seen.0, next.0, AcqRel, Acquire);
        swapped.map(|_| ()).map_err(Word)
    }

    fn permitted(&self) -> u32 {
        self.config.permitted_number_of_calls_in_half_open_state
    }

    #[inline]
    fn nanos(&self, now: Instant) -> u64 {
        let age = now.saturating_duration_since(self.origin);
        age.as_secs() * 1_000_000_000 + u64::from(age.subsec_nanos())
    }
}
