//! What may be done to the calls of a method, to what share of them, and the draw for one of them.

use std::{ops::Deref, sync::Arc, time::Duration};

use thiserror::Error;
use tonic::Code;

use super::Wish;

/// All calls, as a fraction.
pub const MILLION: u32 = 1_000_000;
/// The longest duration that proto3's JSON can say.
const LONGEST: Duration = Duration::from_secs(315_576_000_000);

/// What may be done to the calls of one method. The default is nothing; every fault is drawn by itself.
///
/// Fractions are per million. Each field says its name in a service config's `faultInjectionPolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// `delay`: how long a call is held up before it goes on. Default: unset.
    pub delay: Option<Duration>,
    /// `delayFraction`: the share of calls that are; with `headers`, the most that headers can ask for. Default: 0.
    pub delay_fraction: u32,
    /// `abortStatus`: the code with which a call ends before it is sent, or before its handler sees it. OK ends it without
    /// the message that was due. Default: unset.
    pub abort_status: Option<Code>,
    /// `abortFraction`: the share of calls that are; with `headers`, the most that headers can ask for. Default: 0.
    pub abort_fraction: u32,
    /// `resetFraction`: the share of calls whose work is done and whose answer is lost with its stream. Default: 0.
    pub reset_fraction: u32,
    /// `responseDelay`: how long an answer is held back. Default: unset.
    pub response_delay: Option<Duration>,
    /// `responseDelayFraction`: the share of answers that are. Default: 0.
    pub response_delay_fraction: u32,
    /// `truncateAfter`: after how many messages an answer breaks off as if the connection were lost. Default: unset.
    pub truncate_after: Option<u32>,
    /// `truncateFraction`: the share of answers that do. Default: 0.
    pub truncate_fraction: u32,
    /// `slowRead`: the pause of a reader between two messages: of a client between those of the answer, of a server between
    /// those of the call. Default: unset.
    pub slow_read: Option<Duration>,
    /// `slowReadFraction`: the share of streams that are read so. Default: 0.
    pub slow_read_fraction: u32,
    /// `maxActiveFaults`: with so many faults under way in the process, nothing is done to a call. Default: 100.
    pub max_active_faults: u32,
    /// `headers`: whether a call's metadata may ask for a delay or an abort, up to the fraction of each. A server also asks
    /// who calls. Default: false.
    pub headers: bool,
}

/// A config that makes sense, shared by whoever lives by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule(Arc<Config>);

/// What is done to one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Injection {
    /// It is held up so long before it goes on.
    pub delay: Option<Duration>,
    /// It goes no further and ends with this code.
    pub abort: Option<Code>,
    /// Its answer is lost with its stream.
    pub reset: bool,
    /// Its answer is held back so long.
    pub response_delay: Option<Duration>,
    /// Its answer breaks off after so many messages.
    pub truncate_after: Option<u32>,
    /// The pause between two messages.
    pub slow_read: Option<Duration>,
}

/// A parameter that fault injection cannot work with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A share of more than the whole.
    #[error("`{name}` is {value}; it must be between 0 and 1000000, all calls")]
    Fraction {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: u32,
    },
    /// A share of calls to which nothing is done.
    #[error("`{fraction}` is set and `{what}` is not; set both, or neither")]
    Nothing {
        /// The share.
        fraction: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// A duration that JSON cannot say.
    #[error("`{name}` is {value:?}; it must be at most 315576000000s")]
    TooLong {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: Duration,
    },
}

// === Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            delay: None,
            delay_fraction: 0,
            abort_status: None,
            abort_fraction: 0,
            reset_fraction: 0,
            response_delay: None,
            response_delay_fraction: 0,
            truncate_after: None,
            truncate_fraction: 0,
            slow_read: None,
            slow_read_fraction: 0,
            max_active_faults: 100,
            headers: false,
        }
    }
}

impl Config {
    /// Whether faults can be injected by these values.
    ///
    /// # Errors
    /// The first parameter that is out of its range or lacks another, with its name and what would be right.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let asked = self.headers;
        share("delayFraction", self.delay_fraction)?.of("delay", asked || self.delay.is_some())?;
        let aborts = asked || self.abort_status.is_some();
        share("abortFraction", self.abort_fraction)?.of("abortStatus", aborts)?;
        share("resetFraction", self.reset_fraction)?;
        let share_of_answers = share("responseDelayFraction", self.response_delay_fraction)?;
        share_of_answers.of("responseDelay", self.response_delay.is_some())?;
        let share_of_answers = share("truncateFraction", self.truncate_fraction)?;
        share_of_answers.of("truncateAfter", self.truncate_after.is_some())?;
        let share_of_streams = share("slowReadFraction", self.slow_read_fraction)?;
        share_of_streams.of("slowRead", self.slow_read.is_some())?;
        for (name, value) in [
            ("delay", self.delay),
            ("responseDelay", self.response_delay),
            ("slowRead", self.slow_read),
        ] {
            if let Some(value) = value.filter(|value| *value > LONGEST) {
                return Err(ConfigError::TooLong { name, value });
            }
        }
        Ok(())
    }

    /// The same, once it is known to make sense.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn rule(self) -> Result<Rule, ConfigError> {
        self.validate()?;
        Ok(Rule(Arc::new(self)))
    }

    /// Draws what is done to one call, with what its metadata ask for, if they may. `random` gives numbers from 0 to
    /// 999,999; it is asked once for each fault that has something to do, in the order of [`Injection`].
    pub fn draw(&self, wish: &Wish, mut random: impl FnMut() -> u32) -> Injection {
        let mut hit = |fraction: u32| random() < fraction;
        let (delay, delay_fraction) = match wish.delay {
            Some(delay) => (
                Some(delay),
                capped(wish.delay_percentage, self.delay_fraction),
            ),
            None => (self.delay, self.delay_fraction),
        };
        let (abort, abort_fraction) = match wish.abort {
            Some(code) => (
                Some(code),
                capped(wish.abort_percentage, self.abort_fraction),
            ),
            None => (self.abort_status, self.abort_fraction),
        };
        Injection {
            delay: delay.filter(|_| hit(delay_fraction)),
            abort: abort.filter(|_| hit(abort_fraction)),
            reset: self.reset_fraction > 0 && hit(self.reset_fraction),
            response_delay: self
                .response_delay
                .filter(|_| hit(self.response_delay_fraction)),
            truncate_after: self.truncate_after.filter(|_| hit(self.truncate_fraction)),
            slow_read: self.slow_read.filter(|_| hit(self.slow_read_fraction)),
        }
    }
}

/// A fraction that is one.
struct Share {
    name: &'static str,
    value: u32,
}

fn share(name: &'static str, value: u32) -> Result<Share, ConfigError> {
    match value {
        0..=MILLION => Ok(Share { name, value }),
        _ => Err(ConfigError::Fraction { name, value }),
    }
}

impl Share {
    /// Whether there is something that this is a share of, unless it is none.
    fn of(self, what: &'static str, is_set: bool) -> Result<(), ConfigError> {
        if self.value == 0 || is_set {
            return Ok(());
        }
        let fraction = self.name;
        Err(ConfigError::Nothing { fraction, what })
    }
}

/// The share that is asked for in percent, never above the one that is configured.
fn capped(percentage: Option<u32>, fraction: u32) -> u32 {
    percentage.map_or(fraction, |percent| {
        percent.saturating_mul(MILLION / 100).min(fraction)
    })
}

// === Rule ===

impl Deref for Rule {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.0
    }
}

// === Injection ===

impl Injection {
    /// Whether nothing is done to the call.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
