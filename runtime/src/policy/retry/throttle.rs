//! Stops retries to a target that fails too much: gRFC A6's token count, one for all services of a channel.
//!
//! A failure that is worth a retry takes a token, a success gives back a fraction of one. Above half of the tokens
//! retries are allowed. It never blocks and never delays: a throttled call returns the failure that it has.

use std::sync::atomic::Ordering::Relaxed;

use super::ConfigError;
use crate::policy::sync::AtomicU64;

/// Tokens are counted in thousandths.
const MILLI: u32 = 1_000;

/// The parameters of a throttle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThrottleConfig {
    /// Tokens of a full throttle, 1 to 1,000. Default: 10; 100 for a target of several endpoints.
    pub max_tokens: u32,
    /// What a success gives back, to three decimals; at least 0.001. Default: 0.1.
    pub token_ratio: f32,
    /// What a failure takes that was a timeout; 1 is gRFC A6's. Default: 1.
    pub timeout_token_cost: u32,
}

/// The tokens of one target. Starts full.
#[derive(Debug)]
pub struct Throttle {
    /// A [`Count`], packed. Nothing else is published by it, so that its order is all that is needed.
    word: AtomicU64,
}

/// What is left, and the parameters by which it changes: in one word, so that no change is reckoned by half of them.
#[derive(Clone, Copy, Debug)]
struct Count {
    /// Thousandths of tokens, from zero to the most, which is up to a million.
    left: u32,
    /// Thousandths of tokens, up to a million, which fills it up.
    ratio: u32,
    /// Whole tokens, 1 to 1,000.
    max: u32,
    /// Whole tokens, up to 1,000.
    cost: u32,
}

// === ThrottleConfig ===

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self {
            max_tokens: 10,
            token_ratio: 0.1,
            timeout_token_cost: 1,
        }
    }
}

impl ThrottleConfig {
    /// What holds for a target of several endpoints, where nothing is configured: an endpoint that dies takes all with it that
    /// was on its way there, which says nothing about the others, where a retry goes.
    #[cfg(feature = "http2")]
    pub(crate) fn of_many() -> Self {
        Self {
            max_tokens: 100,
            ..Self::default()
        }
    }

    /// Whether a throttle can work with these values.
    ///
    /// # Errors
    /// The first parameter that is out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(1..=1_000).contains(&self.max_tokens) {
            return Err(ConfigError::Tokens(self.max_tokens));
        }
        let valid = self.token_ratio >= 0.001 && self.token_ratio.is_finite();
        if !valid {
            return Err(ConfigError::Ratio(self.token_ratio));
        }
        Ok(())
    }

    fn full(&self) -> Count {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and a million after the clamp; NaN becomes 0"
        )]
        let ratio = (f64::from(self.token_ratio) * 1_000.0 + 0.001).clamp(1.0, 1e6) as u32;
        let max = self.max_tokens.clamp(1, 1_000);
        Count {
            left: max * MILLI,
            ratio,
            max,
            cost: self.timeout_token_cost.min(1_000),
        }
    }
}

// === Throttle ===

impl Default for Throttle {
    fn default() -> Self {
        Self::new(&ThrottleConfig::default())
    }
}

impl Throttle {
    /// A full throttle. Parameters that are out of their range are taken for the nearest that are not.
    pub fn new(config: &ThrottleConfig) -> Self {
        Self {
            word: AtomicU64::new(config.full().pack()),
        }
    }

    /// Changes the parameters. The same ones change nothing; others keep the share of the tokens that is left, so that
    /// a target in trouble does not start afresh.
    pub fn reconfigure(&self, config: &ThrottleConfig) {
        let full = config.full();
        self.change(|count| Count {
            left: count.left * full.max / count.max,
            ..full
        });
    }

    /// Counts a failure that is worth a retry, or after which the server wants none; whether retries are allowed.
    pub fn fail(&self, is_timeout: bool) -> bool {
        self.change(|count| {
            let cost = if is_timeout { count.cost } else { 1 };
            Count {
                left: count.left.saturating_sub(cost * MILLI),
                ..count
            }
        })
        .allows()
    }

    /// Counts a success.
    #[inline]
    pub fn succeed(&self) {
        let seen = self.count();
        // Mostly full, and then there is nothing to write.
        if seen.left != seen.most() {
            self.change(|count| Count {
                left: (count.left + count.ratio).min(count.most()),
                ..count
            });
        }
    }

    /// Whether retries are allowed: more than half of the tokens are there.
    pub fn allows(&self) -> bool {
        self.count().allows()
    }

    /// What is left, in tokens.
    pub fn tokens(&self) -> f64 {
        f64::from(self.count().left) / f64::from(MILLI)
    }

    /// Changes the count; what it is afterwards.
    fn change(&self, next: impl Fn(Count) -> Count) -> Count {
        let mut seen = self.word.load(Relaxed);
        loop {
            let next = next(Count::unpack(seen));
            match self
                .word
                .compare_exchange_weak(seen, next.pack(), Relaxed, Relaxed)
            {
                Ok(_) => return next,
                Err(now) => seen = now,
            }
        }
    }

    #[inline]
    fn count(&self) -> Count {
        Count::unpack(self.word.load(Relaxed))
    }
}

// === Count ===

impl Count {
    fn allows(self) -> bool {
        2 * self.left > self.most()
    }

    /// What is left of a full throttle.
    #[inline]
    fn most(self) -> u32 {
        self.max * MILLI
    }

    fn pack(self) -> u64 {
        let upper = (u64::from(self.max) << 40) + (u64::from(self.cost) << 52);
        u64::from(self.left) + (u64::from(self.ratio) << 20) + upper
    }

    #[inline]
    fn unpack(word: u64) -> Self {
        let part =
            |shift: u32, bits: u32| u32::try_from(word >> shift & ((1 << bits) - 1)).unwrap_or(0);
        Self {
            left: part(0, 20),
            ratio: part(20, 20),
            max: part(40, 12),
            cost: part(52, 12),
        }
    }
}

#[cfg(test)]
mod tests;
