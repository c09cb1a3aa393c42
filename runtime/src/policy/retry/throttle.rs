//! Stops retries to a target that fails too much: gRFC A6's token count, one for all services of a channel.
//!
//! A failure that is worth a retry takes a token, a success gives back a fraction of one. Above half of the tokens
//! retries are allowed. It never blocks and never delays: a throttled call returns the failure that it has.

use std::sync::atomic::{
    AtomicI64, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use super::ConfigError;

/// Tokens are counted in thousandths.
const MILLI: i64 = 1_000;

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
    /// What is left, in thousandths; between zero and the most.
    tokens: AtomicI64,
    /// The parameters, in one word, so that they change together.
    scale: AtomicU64,
}

/// The parameters as the throttle reckons with them: thousandths of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    /// Up to a million.
    max: u32,
    /// Up to a million, which fills it up.
    ratio: u32,
    /// Whole tokens, up to 1,000.
    cost: u16,
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

    fn scale(&self) -> Scale {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and a million after the clamp; NaN becomes 0"
        )]
        let ratio = (f64::from(self.token_ratio) * 1_000.0 + 0.001).clamp(1.0, 1e6) as u32;
        Scale {
            max: self.max_tokens.clamp(1, 1_000) * 1_000,
            ratio,
            cost: u16::try_from(self.timeout_token_cost.min(1_000)).unwrap_or(1_000),
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
        let scale = config.scale();
        Self {
            tokens: AtomicI64::new(scale.max.into()),
            scale: AtomicU64::new(scale.pack()),
        }
    }

    /// Changes the parameters. The same ones change nothing; others keep the share of the tokens that is left, so that
    /// a target in trouble does not start afresh.
    pub fn reconfigure(&self, config: &ThrottleConfig) {
        let next = config.scale();
        let before = Scale::unpack(self.scale.swap(next.pack(), AcqRel));
        if before == next {
            return;
        }
        let rescale = |tokens: i64| Some(tokens * i64::from(next.max) / i64::from(before.max));
        // The closure gives a value every time, so this is a loop until it is stored.
        let _ = self.tokens.fetch_update(AcqRel, Acquire, rescale);
    }

    /// Counts a failure that is worth a retry, or after which the server wants none; whether retries are allowed.
    pub fn fail(&self, is_timeout: bool) -> bool {
        let scale = self.scale();
        let cost = if is_timeout { i64::from(scale.cost) } else { 1 };
        let left = self.add(-cost * MILLI, scale);
        left > scale.threshold()
    }

    /// Counts a success.
    #[inline]
    pub fn succeed(&self) {
        let scale = self.scale();
        // Mostly full, and then there is nothing to write.
        if self.tokens.load(Relaxed) != i64::from(scale.max) {
            self.add(scale.ratio.into(), scale);
        }
    }

    /// Whether retries are allowed: more than half of the tokens are there.
    pub fn allows(&self) -> bool {
        self.tokens.load(Acquire) > self.scale().threshold()
    }

    /// What is left, in tokens.
    pub fn tokens(&self) -> f64 {
        let milli = i32::try_from(self.tokens.load(Acquire)).unwrap_or(i32::MAX);
        f64::from(milli) / 1_000.0
    }

    /// Adds, within zero and the most; what is there afterwards.
    fn add(&self, milli: i64, scale: Scale) -> i64 {
        let mut seen = self.tokens.load(Relaxed);
        loop {
            let next = (seen + milli).clamp(0, scale.max.into());
            match self
                .tokens
                .compare_exchange_weak(seen, next, Release, Relaxed)
            {
                Ok(_) => return next,
                Err(now) => seen = now,
            }
        }
    }

    fn scale(&self) -> Scale {
        Scale::unpack(self.scale.load(Relaxed))
    }
}

// === Scale ===

impl Scale {
    fn threshold(self) -> i64 {
        i64::from(self.max) / 2
    }

    fn pack(self) -> u64 {
        u64::from(self.max) + (u64::from(self.ratio) << 24) + (u64::from(self.cost) << 48)
    }

    fn unpack(word: u64) -> Self {
        let part = |shift: u32| u32::try_from(word >> shift & 0xff_ffff).unwrap_or(0);
        Self {
            max: part(0),
            ratio: part(24),
            cost: u16::try_from(word >> 48).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests;
