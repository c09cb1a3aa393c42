//! What an operator does with a breaker: look at it, listen to it, and take the decision away from it.

use std::sync::Arc;
use std::time::Instant;

use super::{Breaker, Config, ConfigError, Counts, Event, Isolation, State, Subscription};

/// A view of a breaker from outside the calls that it guards; cheap to clone.
///
/// A forced state stays until the next force or [`reset`](Self::reset): no outcome and no time changes it. Calls that
/// were admitted before it was entered count for nothing.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Breaker>);

// === Handle ===

impl Handle {
    /// The handle of this breaker.
    pub fn new(breaker: Arc<Breaker>) -> Self {
        Self(breaker)
    }

    /// The parameters that the breaker goes by.
    pub fn config(&self) -> Arc<Config> {
        self.0.config()
    }

    /// Goes by other parameters from now on, see [`Breaker::reconfigure`].
    ///
    /// # Errors
    /// The first parameter that [`Config::validate`] finds wrong; nothing has changed then.
    pub fn reconfigure(&self, config: Config, now: Instant) -> Result<(), ConfigError> {
        self.0.reconfigure(config, now)
    }

    /// Where the breaker stands. An open breaker stays so until a call asks for leave after the wait.
    pub fn state(&self) -> State {
        self.0.state()
    }

    /// What the breaker has seen in its life, and what its window holds at `now`.
    pub fn counts(&self, now: Instant) -> Counts {
        self.0.counts(now)
    }

    /// Calls `listener` after every change of state, on the thread that caused it and outside any lock, for as long
    /// as the subscription lives. It may ask the breaker anything; it should be quick and must not panic, as a call is
    /// waiting for it.
    pub fn subscribe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.0.listeners.add(listener)
    }

    /// Refuses every call.
    pub fn force_open(&self, now: Instant) {
        self.0.force(now, State::ForcedOpen);
    }

    /// Refuses every call while the guard, or any other of this breaker, lives; then the breaker is what it was before.
    /// `clock` tells when that is.
    pub fn isolate(&self, clock: fn() -> Instant) -> Isolation {
        Isolation::new(Arc::clone(&self.0), clock)
    }

    /// Admits every call and goes on counting.
    pub fn force_closed(&self, now: Instant) {
        self.0.force(now, State::ForcedClosed);
    }

    /// Admits every call and counts nothing.
    pub fn disable(&self, now: Instant) {
        self.0.force(now, State::Disabled);
    }

    /// Admits every call, goes on counting, and tells listeners when the breaker would have opened.
    pub fn metrics_only(&self, now: Instant) {
        self.0.force(now, State::MetricsOnly);
    }

    /// Back to the configured mode, as if no call had ever failed; [`Counts`] but its window are kept.
    pub fn reset(&self, now: Instant) {
        self.0.start_over(now);
    }
}
