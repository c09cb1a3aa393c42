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

mod admission;
mod change;
mod config;
mod counts;
mod declared;
mod event;
mod flight;
mod handle;
mod info;
mod isolation;
mod judgement;
mod limits;
mod outcome;
mod permit;
mod registry;
mod reload;
mod shards;
mod state;
mod streak;
mod throttle;
mod window;

use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption};

pub use self::config::{Config, Throttle, Verdict};
pub use self::counts::Counts;
pub use self::event::{Cause, Event, Subscription};
pub use self::handle::Handle;
pub use self::info::CallInfo;
pub use self::isolation::Isolation;
pub use self::limits::ConfigError;
pub use self::permit::{OwnedPermit, Permit, Rejected};
pub use self::registry::Registry;
pub use self::state::State;
pub use self::window::Totals;
pub use crate::call::{
    BreakerAbandoned as Abandoned, BreakerMode as Mode, BreakerScope as Scope, CodeSet, Window,
};

use self::change::History;
use self::counts::Counters;
use self::event::Listeners;
use self::flight::Flight;
use self::info::Rule;
use self::state::Word;
use self::streak::Streak;
use self::throttle::Throttling;
use self::window::Sliding;
use crate::policy::sync::{AtomicBool, AtomicU64, Mutex};

/// The breaker of one method of one target.
#[derive(Debug)]
pub struct Breaker {
    /// Read where calls fail or are not let out; what is needed for every call is kept where it is used.
    config: ArcSwap<Config>,
    rule: ArcSwapOption<Rule>,
    /// Times are kept as nanoseconds since this.
    origin: Instant,
    word: AtomicU64,
    /// Open: when probes may go out. Half open: when to decide without those that are missing. Observing: when to
    /// speak up again. Throttling: when to let a call out in any case. Written before the word that it belongs to.
    until: AtomicU64,
    window: Sliding,
    /// Until when the window is not added up again.
    unjudged_until: AtomicU64,
    /// Whether the configuration has changed since the window was last added up.
    rejudge: AtomicBool,
    flight: Flight,
    streak: Streak,
    throttle: Throttling,
    counters: Counters,
    listeners: Listeners,
    /// Held by whoever changes the state.
    history: Mutex<History>,
}

// === Breaker ===

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
            window: Sliding::new(config.window()),
            unjudged_until: AtomicU64::new(0),
            rejudge: AtomicBool::new(false),
            flight: Flight::new(config.slow_call_duration_threshold),
            streak: Streak::new(config.consecutive_failures),
            throttle: Throttling::new(seed),
            counters: Counters::new(),
            listeners: Listeners::default(),
            history: Mutex::new(History::new(seed)),
            config: ArcSwap::from_pointee(config),
            rule: ArcSwapOption::empty(),
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

    /// The parameters that the breaker goes by.
    pub fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    /// Where the breaker stands. An open breaker stays so until a call asks for leave after the wait.
    pub fn state(&self) -> State {
        self.load().state()
    }

    /// How often the state has changed since the breaker was made.
    pub fn changes(&self) -> u32 {
        self.load().generation()
    }

    /// What the breaker has seen in its life, and what its window holds at `now`.
    pub fn counts(&self, now: Instant) -> Counts {
        self.counters.sum(self.totals(self.nanos(now)))
    }

    #[inline]
    fn load(&self) -> Word {
        Word(self.word.load(Acquire))
    }

    fn swap(&self, seen: Word, next: Word) -> Result<(), Word> {
        let swapped = self.word.compare_exchange(seen.0, next.0, AcqRel, Acquire);
        swapped.map(|_| ()).map_err(Word)
    }

    /// What the window holds, and the calls under way that are slow already.
    fn totals(&self, at: u64) -> Totals {
        let mut totals = self.window.totals(at);
        let late = self.flight.late(at);
        totals.calls = totals.calls.saturating_add(late);
        totals.slow = totals.slow.saturating_add(late);
        totals
    }

    #[inline]
    fn nanos(&self, now: Instant) -> u64 {
        let age = now.saturating_duration_since(self.origin);
        age.as_secs() * 1_000_000_000 + u64::from(age.subsec_nanos())
    }
}

#[cfg(test)]
mod tests {
    mod agreement;
    mod edges;
    #[cfg(couplet_loom)]
    mod loom;
    mod model;
    mod races;
    mod stories;
    mod traps;

    use super::*;

    /// A breaker without jitter, and the time at which it was made.
    pub(super) fn breaker(change: impl FnOnce(&mut Config)) -> (Arc<Breaker>, Instant) {
        let mut config = Config {
            open_jitter: 0.0,
            ..Config::default()
        };
        change(&mut config);
        #[expect(
            clippy::disallowed_methods,
            reason = "any instant will do as the first"
        )]
        let now = Instant::now();
        let breaker = Breaker::new(config, now, 1).expect("a config that makes sense");
        (Arc::new(breaker), now)
    }

    pub(super) fn call(breaker: &Breaker, now: Instant, verdict: Verdict) {
        breaker
            .admit(now)
            .expect("an admitted call")
            .complete(now, verdict);
    }
}
