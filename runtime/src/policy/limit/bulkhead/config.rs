//! What a bulkhead is told: how many at once, how many may wait, and how long.

use std::time::Duration;

use thiserror::Error;

/// The effective parameters of one bulkhead. Names follow resilience4j.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How many calls may be under way at once, at least 1; a stream is under way until its end. Default: unset, any
    /// number.
    pub max_concurrent_calls: Option<u32>,
    /// How many calls may wait for a place; 0 refuses at once. Default: 0.
    pub max_queued: u32,
    /// The longest wait for a place, which the deadline of a call may shorten. Default: 0.
    pub max_wait_duration: Duration,
}

/// A parameter that a bulkhead cannot work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No call could ever be made.
    #[error("`max_concurrent_calls` is 0; it must be at least 1, or unset for any number")]
    NoRoom,
    /// Calls may wait, but for no time.
    #[error(
        "`max_queued` is {0}, but `max_wait_duration` is 0, so that none would wait; set both, or none"
    )]
    NoWait(u32),
    /// There is a time to wait, but no call may.
    #[error(
        "`max_wait_duration` is {0:?}, but `max_queued` is 0, so that none would wait; set both, or none"
    )]
    NoQueue(Duration),
    /// There is nothing to wait for.
    #[error(
        "`max_queued` is {0}, but `max_concurrent_calls` is unset, so that there is nothing to wait for"
    )]
    NoBound(u32),
}

impl Config {
    /// Whether a bulkhead can work with these values.
    ///
    /// # Errors
    /// The first parameter that makes no sense, alone or beside another.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let Self {
            max_concurrent_calls,
            max_queued,
            max_wait_duration,
        } = *self;
        if max_concurrent_calls == Some(0) {
            return Err(ConfigError::NoRoom);
        }
        match (max_queued, max_wait_duration) {
            (0, Duration::ZERO) => Ok(()),
            (0, wait) => Err(ConfigError::NoQueue(wait)),
            (queued, Duration::ZERO) => Err(ConfigError::NoWait(queued)),
            (queued, _) if max_concurrent_calls.is_none() => Err(ConfigError::NoBound(queued)),
            _ => Ok(()),
        }
    }
}
