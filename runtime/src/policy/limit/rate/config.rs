//! What a rate limit is told, and the arithmetic of one call.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use thiserror::Error;

use super::Limited;

/// The effective parameters of one rate limit. Names follow resilience4j.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How many calls may begin in each period, at least 1. The time from call to call is the period's share, rounded
    /// up to a nanosecond. Default: 50.
    pub limit_for_period: u32,
    /// The period; at least a nanosecond for each of its calls, and at most a year. Default: 1 s.
    pub limit_refresh_period: Duration,
    /// How many calls may come at once, at least 1. Default: as many as in a period.
    pub burst: Option<u32>,
}

/// A parameter that a rate limit cannot work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No call could ever be made.
    #[error("`{0}` is 0; it must be at least 1")]
    Nothing(&'static str),
    /// The period is no time, or longer than anyone means.
    #[error(
        "`limit_refresh_period` is {0:?}; it must be at least a nanosecond for each call, and at most a year"
    )]
    Period(Duration),
    /// It would take longer than anyone means to fill it.
    #[error("`burst` is {0}, which would take more than ten years to fill")]
    Burst(u32),
}

/// The parameters as they are computed with.
#[derive(Debug)]
pub(super) struct Pace {
    /// Nanoseconds from call to call.
    interval: AtomicU64,
    /// How many nanoseconds a call may come before it is due.
    slack: AtomicU64,
}

/// A call that was admitted.
pub(super) struct Booked {
    /// Nanoseconds until it may begin.
    pub(super) wait: u64,
    /// When the one after it is due.
    pub(super) due: u64,
    /// How far it moved that.
    pub(super) interval: u64,
}

const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

// === Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            limit_for_period: 50,
            limit_refresh_period: Duration::from_secs(1),
            burst: None,
        }
    }
}

impl Config {
    /// Whether a limit can work with these values.
    ///
    /// # Errors
    /// The first parameter that is out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.pace().map(drop)
    }

    /// Nanoseconds from call to call, and how early a call may be.
    fn pace(&self) -> Result<(u64, u64), ConfigError> {
        let Self {
            limit_for_period: calls,
            limit_refresh_period: period,
            ..
        } = *self;
        let burst = self.burst.unwrap_or(calls);
        if calls == 0 {
            return Err(ConfigError::Nothing("limit_for_period"));
        }
        if burst == 0 {
            return Err(ConfigError::Nothing("burst"));
        }
        let nanos = period.as_nanos() as u64;
        if period > YEAR || nanos < u64::from(calls) {
            return Err(ConfigError::Period(period));
        }
        let interval = nanos.div_ceil(calls.into());
        let slack = interval.checked_mul(u64::from(burst) - 1);
        let ten_years = 10 * YEAR.as_nanos() as u64;
        let slack = slack.filter(|slack| *slack <= ten_years);
        Ok((interval, slack.ok_or(ConfigError::Burst(burst))?))
    }
}

// === Pace ===

impl Pace {
    pub(super) fn new(config: Config) -> Result<Self, ConfigError> {
        let (interval, slack) = config.pace()?;
        Ok(Self {
            interval: AtomicU64::new(interval),
            slack: AtomicU64::new(slack),
        })
    }

    pub(super) fn change(&self, config: Config) -> Result<(), ConfigError> {
        let (interval, slack) = config.pace()?;
        self.interval.store(interval, Relaxed);
        self.slack.store(slack, Relaxed);
        Ok(())
    }

    /// When the next call is due of one who has just used the whole burst.
    pub(super) fn exhausted(&self, now: u64) -> u64 {
        let ahead = self.slack.load(Relaxed) + self.interval.load(Relaxed);
        now.saturating_add(ahead)
    }

    #[inline]
    pub(super) fn admit(&self, due: &AtomicU64, now: u64) -> Result<(), Limited> {
        self.book(due, now, 0).map(drop)
    }

    /// Admits a call at `now` that would wait up to `patience`, all in nanoseconds.
    #[inline]
    pub(super) fn book(&self, due: &AtomicU64, now: u64, patience: u64) -> Result<Booked, Limited> {
        let (interval, slack) = (self.interval.load(Relaxed), self.slack.load(Relaxed));
        let mut seen = due.load(Relaxed);
        loop {
            let wait = seen.saturating_sub(now.saturating_add(slack));
            if wait > patience {
                return Err(Limited {
                    retry_in: Duration::from_nanos(wait),
                });
            }
            let next = seen.max(now).saturating_add(interval);
            match due.compare_exchange_weak(seen, next, Relaxed, Relaxed) {
                Ok(_) => {
                    return Ok(Booked {
                        wait,
                        due: next,
                        interval,
                    });
                }
                Err(moved) => seen = moved,
            }
        }
    }
}
