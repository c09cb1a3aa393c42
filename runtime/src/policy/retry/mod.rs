//! When a failed call is sent again, how often, and how long it waits before: gRFC A6.
//!
//! ```text
//!             ┌──────────────────────── the wait is over ────────────────────────┐
//!             ▼                                                                  │
//!     ┌───────────────┐ no application saw it   ┌─────────────┐                  │
//!     │ attempt 1..n  │ ──────────────────────▶ │ Transparent │ ── at once ──────┤
//!     └───────────────┘                         └─────────────┘                  │
//!       │      │ worth another attempt          ┌─────────────┐                  │
//!       │      └──────────────────────────────▶ │ RetryAt     │ ─────────────────┘
//!       │ OK, or                                └─────────────┘
//!       ▼
//!     Return: committed, not retryable, exhausted, throttled, pushed back, too late, chained
//! ```
//! [`Attempts`] is what is remembered of one call and decides by the [`Rules`] of its method, and a [`Throttle`] stops
//! retries to a target that fails too much. [`Hedges`] decides for calls that are sent several times at once; a
//! [`Percentile`] finds their delay, and [`Extra`] bounds the load they add. Time and random numbers are handed in.

mod attempts;
mod config;
mod extra;
mod hedging;
mod percentile;
mod pushback;
mod throttle;

pub use self::{
    attempts::{Attempts, Decision, Ended, Reason, Rules},
    config::{ConfigError, HedgingConfig, RetryConfig},
    extra::Extra,
    hedging::{Hedges, HedgingRules, Verdict},
    percentile::Percentile,
    pushback::Pushback,
    throttle::{Throttle, ThrottleConfig},
};

/// The most attempts that a call gets, whatever a policy says, where a channel sets nothing else (gRFC A6).
pub const ATTEMPTS_CAP: u32 = 5;
