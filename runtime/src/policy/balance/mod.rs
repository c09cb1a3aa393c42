//! Which of many gets a call: what a channel is told about that, and the arithmetic of it.
//!
//! Everything here is pure: endpoints are numbers with a weight, and random numbers and hashes are handed in. The
//! [`balance`](crate::balance) room holds the endpoints themselves.
//!
//! ```
//! use couplet::policy::balance::{Balancing, Strategy};
//!
//! let mut balancing = Balancing::from(Strategy::LeastRequest);
//! balancing.choice_count = 3;
//! assert_eq!(balancing.validate(), Ok(()));
//! ```

mod alias;
mod config;
mod ring;
mod slow_start;
mod stride;
mod subset;

pub(crate) use self::{
    alias::Alias,
    ring::{Member, Ring, hash},
    stride::Stride,
    subset::subset,
};
pub use self::{
    config::{Balancing, Canary, ConfigError, Strategy},
    slow_start::SlowStart,
};
