//! Does to calls on purpose what befalls them anyway one day: holds them up, fails them, cuts their streams.
//!
//! Stands innermost on both ends, so that every policy is exercised: on the client under the breaker and the time of an
//! attempt, on the server next to the handler. What is done to a call is drawn by [`policy::fault`](crate::policy::fault);
//! here it is waited and failed. Nothing happens while the gate of the [`process`] is shut, and most calls then pay for a
//! look at a word. A call to which something was done carries [`Mark::Injected`](crate::call::Mark) in its status or in the
//! extensions of its reply: limiters learn nothing from it, breakers and retries take it for what it pretends to be.

mod calling;
mod frames;
mod inject;
mod rules;
mod serving;

use std::sync::{Arc, LazyLock};

pub use self::{
    calling::{Calling, CallingLayer},
    rules::Rules,
    serving::{Serving, ServingLayer},
};
use crate::policy::fault::Faults;

static PROCESS: LazyLock<Arc<Faults>> = LazyLock::new(|| Arc::new(Faults::new(fastrand::u64(..))));

/// What this process has one of for all its injected faults, unless [`Rules::within`] says otherwise: shut until somebody
/// [turns it on](Faults::turn), and with another [seed](Faults::seed) in each run.
pub fn process() -> &'static Arc<Faults> {
    &PROCESS
}

/// The page about fault injection, whose example is run.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/faults.md")]
struct Page;

#[cfg(test)]
mod tests;
