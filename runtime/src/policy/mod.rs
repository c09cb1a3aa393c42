//! Decisions as plain state machines: may this call go out, and how long must the next one wait.
//!
//! A policy is told the time and handed its random numbers; it answers with a value and never waits. There is no IO
//! here, no clock, no runtime, and no lock where an atomic does. Waiting, counting for metrics and talking to peers
//! are the business of `layer` and `carrier`, which ask a policy and do as it says.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use couplet::policy::breaker::{Breaker, Config, Verdict};
//!
//! let mut config = Config::default();
//! config.consecutive_failures = 1;
//! let now = Instant::now();
//! let breaker = Breaker::new(config, now, 7)?;
//!
//! // A call that fails opens the breaker ...
//! breaker.admit(now)?.complete(now, Verdict::Failure);
//! // ... and the next one is told when to come back.
//! let rejected = breaker.admit(now).unwrap_err();
//! assert!(rejected.retry_in.unwrap() <= Duration::from_secs(6));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod age;
pub mod backoff;
pub mod balance;
pub mod breaker;
pub mod connectivity;
pub mod counter;
mod declared;
#[cfg(feature = "faults")]
pub mod fault;
pub mod last_good;
pub mod limit;
pub mod outlier;
pub mod plan;
pub(crate) mod refusal;
pub mod retry;
pub mod seen;
pub mod served;
mod sync;
pub mod version;
