//! Changes of state: rare, one at a time, and told to the listeners when they have happened.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::{Duration, Instant};

use super::Breaker;
use super::event::{Cause, Event};
use super::state::{State, Word};
use crate::policy::sync::MutexGuard;

/// What outlives a change of state.
#[derive(Debug)]
pub(super) struct History {
    /// How many waits in a row there have been; one is forgotten for every window that passes closed.
    waits: u32,
    /// How far the window had slid when the breaker closed.
    closed_at: u64,
    random: u64,
}

// === Breaker: changes ===

impl Breaker {
    /// Changes the state if nobody else did since `seen`.
    pub(super) fn advance(&self, seen: Word, now: Instant, to: impl Fn(Word) -> (State, Cause)) {
        self.change(now, |word| (word.phase() == seen.phase()).then(|| to(word)));
    }

    /// Changes the state whatever it is.
    pub(super) fn force(&self, now: Instant, to: State) {
        self.change(now, |_| Some((to, Cause::Forced)));
    }

    /// Back to the configured state, as if no call had ever failed.
    pub(super) fn start_over(&self, now: Instant) {
        self.history().waits = 0;
        self.force(now, self.config.mode.state());
    }

    /// Tells that an observer would have opened, once in the time that it would have stayed open.
    #[cold]
    pub(super) fn speak_up(&self, seen: Word, now: Instant, cause: Cause) {
        let at = self.nanos(now);
        if at < self.until.load(Acquire) {
            return;
        }
        let history = self.history();
        let due = at >= self.until.load(Acquire) && self.load().phase() == seen.phase();
        if !due {
            return;
        }
        self.until.store(
            at.saturating_add(nanos(self.config.wait_duration_in_open_state)),
            Release,
        );
        drop(history);
        self.listeners.tell(&self.event(seen, seen, now, cause));
    }

    /// The one place where the state changes. Only probes, which take no lock, can come between; then it chooses again.
    #[cold]
    fn change(&self, now: Instant, choose: impl Fn(Word) -> Option<(State, Cause)>) {
        let at = self.nanos(now);
        let mut history = self.history();
        let random = history.random();
        let event = loop {
            let word = self.load();
            let Some((to, cause)) = choose(word) else {
                return;
            };
            let next = word.enter(to);
            let waits = self.waits(&history, word, at);
            let event = self.event(word, next, now, cause);
            self.prepare(next, at, self.config.open_wait().wait(waits, random));
            if self.swap(word, next).is_ok() {
                self.remember(&mut history, to, waits, at);
                break event;
            }
        };
        drop(history);
        self.listeners.tell(&event);
    }

    /// Writes what goes with a word, before the word, so that whoever reads the word finds it.
    fn prepare(&self, next: Word, at: u64, wait: Duration) {
        let time = match next.state() {
            State::Open => nanos(wait),
            State::HalfOpen => nanos(self.config.max_wait_duration_in_half_open_state),
            _ => 0,
        };
        self.until.store(at.saturating_add(time), Release);
        if next.state().counts() {
            self.unjudged_until.store(0, Relaxed);
            self.window.clear(next.generation());
            self.streak.clear(next.generation());
        }
    }

    /// The waits in a row that are not forgotten yet.
    fn waits(&self, history: &History, word: Word, at: u64) -> u32 {
        if word.state() != State::Closed {
            return history.waits;
        }
        let (progress, size) = self.window.progress(at);
        let windows = progress.saturating_sub(history.closed_at) / size;
        history
            .waits
            .saturating_sub(u32::try_from(windows).unwrap_or(u32::MAX))
    }

    fn remember(&self, history: &mut History, entered: State, waits: u32, at: u64) {
        history.waits = match entered {
            State::Open => waits.saturating_add(1),
            _ => waits,
        };
        if entered == State::Closed {
            history.closed_at = self.window.progress(at).0;
        }
    }

    fn event(&self, from: Word, to: Word, at: Instant, cause: Cause) -> Event {
        Event {
            from: from.state(),
            to: to.state(),
            generation: to.generation(),
            at,
            cause,
            window: self.window.totals(self.nanos(at)),
        }
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === History ===

impl History {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            waits: 0,
            closed_at: 0,
            random: seed,
        }
    }

    /// The next number from `[0, 1)`, by splitmix64.
    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
