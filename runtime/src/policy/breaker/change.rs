//! Changes of state: rare, one at a time, and told to the listeners when they have happened.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::{Duration, Instant};

use super::Breaker;
use super::event::{Cause, Event};
use super::isolation::Beneath;
use super::state::{State, Word};
use crate::policy::sync::MutexGuard;

/// What outlives a change of state.
#[derive(Debug)]
pub(super) struct History {
    /// How many waits in a row there have been; one is forgotten for every window that passes closed.
    waits: u32,
    /// How far the window had slid when the breaker closed.
    pub(super) closed_at: u64,
    random: u64,
    /// Whether somebody forced the state, so that a new configuration leaves it alone.
    pub(super) by_hand: bool,
    /// How many guards isolate the peer, and what is beneath them.
    pub(super) isolated: u32,
    pub(super) beneath: Beneath,
}

/// A change of state to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) to: State,
    pub(super) cause: Cause,
    pub(super) wait: Wait,
}

/// How long an open state lasts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    /// As the backoff has it.
    Nominal,
    /// As the peer asked.
    Asked(Duration),
    /// Until this time, and it is no new wait.
    Until(u64),
}

// === Breaker: changes ===

impl Breaker {
    /// Changes the state if nobody else did since `seen`, and if there is still something to change to.
    pub(super) fn advance(&self, seen: Word, now: Instant, to: impl Fn(Word) -> Option<Step>) {
        let mut history = self.history();
        let event = self.change(&mut history, now, |word| {
            (word.phase() == seen.phase()).then(|| to(word)).flatten()
        });
        drop(history);
        self.tell(event);
    }

    /// Changes the state whatever it is, until it is forced again or reset.
    pub(super) fn force(&self, now: Instant, to: State) {
        let mut history = self.history();
        history.by_hand = true;
        let event = self.put(&mut history, now, Step::new(to, Cause::Forced));
        drop(history);
        self.tell(event);
    }

    /// Back to the configured state, as if no call had ever failed.
    pub(super) fn start_over(&self, now: Instant) {
        let mut history = self.history();
        history.by_hand = false;
        history.waits = 0;
        let to = self.config.load().mode.state();
        let event = self.put(&mut history, now, Step::new(to, Cause::Forced));
        drop(history);
        self.tell(event);
    }

    /// Changes the state, or what the state will be when the peer is isolated no longer.
    pub(super) fn put(&self, history: &mut History, now: Instant, step: Step) -> Option<Event> {
        if history.isolated > 0 {
            history.beneath = Beneath::of(step.to);
            return None;
        }
        self.change(history, now, |_| Some(step))
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
        let wait = self.config.load().wait_duration_in_open_state;
        self.until.store(at.saturating_add(nanos(wait)), Release);
        drop(history);
        self.tell(Some(self.event(seen, seen, now, cause)));
    }

    pub(super) fn tell(&self, event: Option<Event>) {
        if let Some(event) = event {
            self.listeners.tell(&event);
        }
    }

    /// The one place where the state changes. Only probes, which take no lock, can come between; then it chooses again.
    #[cold]
    pub(super) fn change(
        &self,
        history: &mut History,
        now: Instant,
        choose: impl Fn(Word) -> Option<Step>,
    ) -> Option<Event> {
        let at = self.nanos(now);
        let random = history.random();
        loop {
            let word = self.load();
            let step = choose(word)?;
            let next = word.enter(step.to);
            let waits = self.waits(history, word, at);
            let event = self.event(word, next, now, step.cause);
            self.prepare(next, self.until(step, at, waits, random));
            if self.swap(word, next).is_ok() {
                self.remember(history, step, waits, at);
                return Some(event);
            }
        }
    }

    /// Until when a state lasts that is entered now.
    fn until(&self, step: Step, at: u64, waits: u32, random: f64) -> u64 {
        let config = self.config.load();
        let time = match (step.to, step.wait) {
            (_, Wait::Until(until)) => return until,
            (State::Open, Wait::Asked(asked)) if config.honor_pushback && !asked.is_zero() => {
                let jitter = 1.0 + f64::from(config.open_jitter) * random;
                let asked = asked.min(config.open_wait().max).as_secs_f64() * jitter;
                Duration::try_from_secs_f64(asked).unwrap_or(config.open_max_duration)
            }
            (State::Open, _) => config.open_wait().wait(waits, random),
            (State::HalfOpen, _) => config.max_wait_duration_in_half_open_state,
            _ => return 0,
        };
        at.saturating_add(nanos(time))
    }

    /// Writes what goes with a word, before the word, so that whoever reads the word finds it.
    fn prepare(&self, next: Word, until: u64) {
        self.until.store(until, Release);
        self.flight.begin();
        if next.state().counts() {
            self.unjudged_until.store(0, Relaxed);
            self.throttle.begin();
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

    fn remember(&self, history: &mut History, step: Step, waits: u32, at: u64) {
        history.waits = match (step.to, step.wait) {
            (_, Wait::Until(_)) => waits,
            (State::Open, _) => waits.saturating_add(1),
            _ => waits,
        };
        if step.to == State::Closed {
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
            window: self.totals(self.nanos(at)),
        }
    }

    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === Step ===

impl Step {
    pub(super) const fn new(to: State, cause: Cause) -> Self {
        Self {
            to,
            cause,
            wait: Wait::Nominal,
        }
    }
}

// === History ===

impl History {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            waits: 0,
            closed_at: 0,
            random: seed,
            by_hand: false,
            isolated: 0,
            beneath: Beneath::of(State::Closed),
        }
    }

    /// The next number from `[0, 1)`.
    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(GAMMA);
        unit(self.random)
    }
}

/// From one state of splitmix64 to the next.
pub(super) const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The number from `[0, 1)` that splitmix64 makes of a state.
pub(super) fn unit(mut bits: u64) -> f64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first three of splitmix64 from zero, as its author's program prints them.
    #[test]
    fn random_numbers_are_those_of_splitmix64() {
        let known = [
            0xE220_A839_7B1D_CDAF_u64,
            0x6E78_9E6A_A1B9_65F4,
            0x06C4_5D18_8009_454F,
        ];
        let mut history = History::new(0);
        for bits in known {
            assert_eq!(history.random(), (bits >> 11) as f64 / (1_u64 << 53) as f64);
        }
    }
}
