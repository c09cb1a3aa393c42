//! Storms, outages and sick replicas: scenarios that show what the policies do for a service, each out of a seed.
//!
//! A scenario is a file with a function `told`, which runs it and returns its figures. The tests of this crate hold them
//! against what is promised, with a few seeds; `benches/run storms` runs more, prints them and draws them.

pub mod chain;
pub mod churn;
pub mod hedging;
pub mod outage;
pub mod overload;
pub mod partial;
pub mod queue;
pub mod replicas;
pub mod retries;
mod shop;
mod told;
pub mod trouble;

pub use self::told::{Line, Told};

use std::time::Duration;

/// The resolution of every timer.
pub const MS: Duration = Duration::from_millis(1);
/// A second.
pub const SECOND: Duration = Duration::from_secs(1);
