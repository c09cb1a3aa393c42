//! A rate limit: so many calls in a time, evenly, with a burst that may come at once.
//!
//! The generic cell rate algorithm (ITU-T I.371), as governor has it, in one word: the time at which the next call
//! would be due if all came evenly. A call is in time if that is no further ahead of it than the burst allows; then the
//! word moves on by one interval. There is no bucket that must be filled and no timer.
//!
//! In any span of time no more calls are admitted than the burst and the rate times the span, whatever the order in
//! which threads come with their times, and also if a time lies before the last one.

mod config;
mod keyed;

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use thiserror::Error;

pub use self::{
    config::{Config, ConfigError},
    keyed::Keyed,
};
use config::Pace;

/// Bounds how many calls begin in a time.
#[derive(Debug)]
pub struct Rate {
    /// Times are kept as nanoseconds since this.
    origin: Instant,
    pace: Pace,
    /// When the next call would be due if all came evenly.
    due: AtomicU64,
}

/// Too many calls in this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many calls in this time; try again in {retry_in:.1?}")]
pub struct Limited {
    /// After which time a call would be admitted, if no other came before it.
    pub retry_in: Duration,
}

/// Leave to begin a call after a wait. Dropped before it is [taken](Turn::take), it is given back if nobody has got in
/// line behind it.
#[derive(Debug)]
#[must_use = "dropping a turn gives it back"]
pub struct Turn<'a> {
    rate: &'a Rate,
    wait: Duration,
    due: u64,
    interval: u64,
}

// === Rate ===

impl Rate {
    /// A limit whose whole burst is free at `now`.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong.
    pub fn new(config: Config, now: Instant) -> Result<Self, ConfigError> {
        Ok(Self {
            origin: now,
            pace: Pace::new(config)?,
            due: AtomicU64::new(0),
        })
    }

    /// Asks for leave to begin a call.
    ///
    /// # Errors
    /// [`Limited`] if it is too early, with when to try again.
    #[inline]
    pub fn admit(&self, now: Instant) -> Result<(), Limited> {
        self.pace.admit(&self.due, since(self.origin, now))
    }

    /// Asks for leave to begin a call within `patience`. The wait that is asked for is the caller's to keep.
    ///
    /// # Errors
    /// [`Limited`] if it would have to wait longer.
    pub fn reserve(&self, now: Instant, patience: Duration) -> Result<Turn<'_>, Limited> {
        let patience = u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX);
        let now = since(self.origin, now);
        let booked = self.pace.book(&self.due, now, patience)?;
        Ok(Turn {
            rate: self,
            wait: Duration::from_nanos(booked.wait),
            due: booked.due,
            interval: booked.interval,
        })
    }

    /// Changes the rate while calls come. What was used of the old burst counts for the new one, and nobody waits
    /// longer for it than a burst takes to fill. A call that is judged at the same moment may be judged by one value of
    /// the old and one of the new.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong; then nothing has changed.
    pub fn reconfigure(&self, config: Config, now: Instant) -> Result<(), ConfigError> {
        self.pace.change(config)?;
        self.due
            .fetch_min(self.pace.exhausted(since(self.origin, now)), Relaxed);
        Ok(())
    }
}

#[inline]
fn since(origin: Instant, now: Instant) -> u64 {
    let age = now.saturating_duration_since(origin);
    age.as_secs() * 1_000_000_000 + u64::from(age.subsec_nanos())
}

// === Turn ===

impl Turn<'_> {
    /// How long to wait before the call may begin.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// Begins the call.
    pub fn take(self) {
        std::mem::forget(self);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let before = self.due - self.interval;
        // If others are in line behind it, their turns stay where they are; moved, two could fall on one moment.
        let _ = self
            .rate
            .due
            .compare_exchange(self.due, before, Relaxed, Relaxed);
    }
}

#[cfg(test)]
mod tests;
