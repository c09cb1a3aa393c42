//! An adaptive limit: finds out by itself how many calls at once are served best, and refuses the rest.
//!
//! ```text
//!   admit(priority) ──▶ Permit ──▶ complete(outcome) ──▶ window: latencies, throughput, drops
//!        │ Overloaded                                        │ long enough, and enough of them
//!        ▼                                                   ▼
//!     refuse                              algorithm ──▶ limit, generation + 1
//! ```
//! Every change of the limit is a new *generation*: how long a call took that began under another limit says nothing
//! about this one. Only what succeeded, or failed by itself, is a latency; what was refused further on or ran out of
//! time is a *drop*; and what its caller gave up early is neither, so that impatient callers do not shrink the limit
//! for all.
//!
//! To admit costs a load and an addition, to record three additions. The one whose call ends a window does the
//! arithmetic, while all others go on.

mod aimd;
mod algorithm;
mod config;
mod declared;
mod gradient2;
mod histogram;
mod hybrid;
mod permit;
mod vegas;
mod window;

use std::{
    ops::Deref,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use thiserror::Error;

use self::{algorithm::Learner, permit::Ticket, window::Window};
pub use self::{
    config::{Algorithm, Config, ConfigError, Mode},
    permit::{Outcome, OwnedPermit, Permit},
};
use super::priority::Priority;
use crate::policy::counter::Counter;

/// Finds and keeps the limit of one server, service or method.
#[derive(Debug)]
pub struct Limiter {
    /// Times are kept as nanoseconds since this.
    origin: Instant,
    /// The generation in the upper half, the limit in the lower.
    word: AtomicU64,
    in_flight: AtomicU32,
    enforcing: AtomicBool,
    window: Window,
    refused: Counter,
    learner: Mutex<Learner>,
}

/// There is no room for a call of this priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "{in_flight} calls are under way of {limit} that are served well; calls of priority {priority} are refused"
)]
pub struct Overloaded {
    /// How many calls are under way.
    pub in_flight: u32,
    /// How many are served well at once.
    pub limit: u32,
    /// How much the refused call matters.
    pub priority: Priority,
}

// === Limiter ===

impl Limiter {
    /// A limiter that starts at `config.initial_limit`.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong.
    pub fn new(config: Config, now: Instant) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            origin: now,
            word: AtomicU64::new(config.initial_limit.into()),
            in_flight: AtomicU32::new(0),
            enforcing: AtomicBool::new(config.mode == Mode::Enforce),
            window: Window::new(config.window),
            refused: Counter::default(),
            learner: Mutex::new(Learner::new(config)),
        })
    }

    /// Asks for leave to serve a call.
    ///
    /// # Errors
    /// [`Overloaded`] if calls of its priority have no room left. Never, if the limit is only watched.
    #[inline]
    pub fn admit(&self, now: Instant, priority: Priority) -> Result<Permit<&Self>, Overloaded> {
        Ok(Permit::new(self, self.ticket(now, priority)?))
    }

    /// Asks for leave to serve a call that outlives the caller.
    ///
    /// # Errors
    /// [`Overloaded`] if calls of its priority have no room left. Never, if the limit is only watched.
    pub fn admit_owned(
        self: &Arc<Self>,
        now: Instant,
        priority: Priority,
    ) -> Result<OwnedPermit, Overloaded> {
        let ticket = self.ticket(now, priority)?;
        Ok(Permit::new(Arc::clone(self), ticket))
    }

    /// How many calls are served well at once, as far as is known.
    pub fn limit(&self) -> u32 {
        self.word.load(Relaxed) as u32
    }

    /// How many calls are under way.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Relaxed)
    }

    /// How many calls had no room, also those that were admitted because the limit is only watched.
    pub fn refused(&self) -> u64 {
        self.refused.sum()
    }

    /// How long the middle one of the calls of the last window took; `None` before there was one.
    pub fn typical_latency(&self) -> Option<Duration> {
        self.window.typical()
    }

    /// The parameters as they are now.
    pub fn config(&self) -> Config {
        self.learner().config
    }

    /// Changes the parameters while calls are under way. What was learned is kept, unless the algorithm is another.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong; then nothing has changed.
    pub fn reconfigure(&self, config: Config) -> Result<(), ConfigError> {
        config.validate()?;
        let mut learner = self.learner();
        learner.reconfigure(config);
        self.enforcing.store(config.mode == Mode::Enforce, Relaxed);
        self.window.reconfigure(config.window);
        self.set(learner.limit());
        Ok(())
    }

    #[inline]
    fn ticket(&self, now: Instant, priority: Priority) -> Result<Ticket, Overloaded> {
        let word = self.word.load(Relaxed);
        let limit = word as u32;
        let before = self.in_flight.fetch_add(1, Relaxed);
        if before >= priority.share(limit) {
            self.refused.add();
            self.window.refused();
            if self.enforcing.load(Relaxed) {
                self.in_flight.fetch_sub(1, Relaxed);
                return Err(Overloaded {
                    in_flight: before,
                    limit,
                    priority,
                });
            }
        }
        self.window.reached(before + 1);
        Ok(Ticket {
            started: now,
            generation: (word >> 32) as u32,
        })
    }

    fn leave(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    fn settle(&self, ticket: Ticket, now: Instant, outcome: Outcome) {
        self.leave();
        let latency = nanos(now.saturating_duration_since(ticket.started));
        let fresh = ticket.generation == (self.word.load(Relaxed) >> 32) as u32;
        self.window.record(latency, outcome, fresh);
        let now = nanos(now.saturating_duration_since(self.origin));
        if self.window.is_over(now) {
            self.learn(now);
        }
    }

    /// Ends the window, and sets the limit by what it saw. One does it; whoever comes at the same time goes on.
    #[cold]
    fn learn(&self, now: u64) {
        let mut learner = match self.learner.try_lock() {
            Ok(learner) => learner,
            Err(std::sync::TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(std::sync::TryLockError::WouldBlock) => return,
        };
        let (quantile, enough) = (learner.config.quantile, learner.config.minimum_samples);
        let in_flight = self.in_flight();
        if let Some(seen) = self.window.close(now, in_flight, quantile, enough) {
            learner.learn(&seen);
            self.set(learner.limit());
        }
    }

    fn set(&self, limit: u32) {
        let word = self.word.load(Relaxed);
        if word as u32 != limit {
            let generation = (word >> 32).wrapping_add(1);
            self.word
                .store(generation << 32 | u64::from(limit), Relaxed);
        }
    }

    fn learner(&self) -> MutexGuard<'_, Learner> {
        self.learner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A duration in nanoseconds; what does not fit is five centuries.
#[inline]
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl<B: Deref<Target = Limiter>> Permit<B> {
    #[inline]
    fn new(limiter: B, ticket: Ticket) -> Self {
        Self {
            limiter,
            ticket,
            settled: false,
        }
    }
}

#[cfg(test)]
mod tests;
