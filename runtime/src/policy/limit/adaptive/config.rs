//! What an adaptive limit is told: its algorithm, the bounds of the limit, and how long it looks before it decides.

use std::time::Duration;

use thiserror::Error;

pub use crate::call::{AdaptiveAlgorithm as Algorithm, AdaptiveMode as Mode};

/// The effective parameters of one adaptive limit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Whether it refuses calls, or only watches. Default: [`Mode::Enforce`].
    pub mode: Mode,
    /// How the limit is found. Default: [`Algorithm::Hybrid`].
    pub algorithm: Algorithm,
    /// The limit before anything is known. Default: 20.
    pub initial_limit: u32,
    /// The least limit, at least 1. Default: 4.
    pub min_limit: u32,
    /// The greatest limit. Default: 1000.
    pub max_limit: u32,
    /// The least time from one decision to the next, 10 ms to an hour. Default: 1 s.
    pub window: Duration,
    /// How many calls a decision needs; the window goes on until there are so many. At least 1. Default: 50.
    pub minimum_samples: u32,
    /// Which latency is looked at: the one that this share of calls does not exceed, above 0 and below 1. Default: 0.9.
    pub quantile: f64,
    /// What the limit is multiplied by when a tenth of the calls or more are dropped; for fewer, in proportion less of
    /// it. Above 0 and below 1. Default: 0.9.
    pub backoff_ratio: f64,
}

/// A parameter that an adaptive limit cannot work with.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The limits are not in order.
    #[error(
        "the limits are {min}, {initial} and {max}; it must be 1 <= `min_limit` <= `initial_limit` <= `max_limit`"
    )]
    Limits {
        /// The least.
        min: u32,
        /// The first.
        initial: u32,
        /// The greatest.
        max: u32,
    },
    /// The window is no time to look at, or too long to be of use.
    #[error("`window` is {0:?}; it must be between 10 ms and an hour")]
    Window(Duration),
    /// A decision would be made of nothing.
    #[error("`minimum_samples` is 0; it must be at least 1")]
    NoSamples,
    /// A share is none.
    #[error("`{name}` is {value}; it must be above 0 and below 1")]
    Share {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: f64,
    },
}

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(3600);

// === Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            algorithm: Algorithm::Hybrid,
            initial_limit: 20,
            min_limit: 4,
            max_limit: 1000,
            window: Duration::from_secs(1),
            minimum_samples: 50,
            quantile: 0.9,
            backoff_ratio: 0.9,
        }
    }
}

impl Config {
    /// Whether a limiter can work with these values.
    ///
    /// # Errors
    /// The first parameter that is out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let (min, initial, max) = (self.min_limit, self.initial_limit, self.max_limit);
        if !(1 <= min && min <= initial && initial <= max) {
            return Err(ConfigError::Limits { min, initial, max });
        }
        if !(SHORTEST..=LONGEST).contains(&self.window) {
            return Err(ConfigError::Window(self.window));
        }
        if self.minimum_samples == 0 {
            return Err(ConfigError::NoSamples);
        }
        share("quantile", self.quantile)?;
        share("backoff_ratio", self.backoff_ratio)
    }
}

fn share(name: &'static str, value: f64) -> Result<(), ConfigError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(ConfigError::Share { name, value })
}
