//! A pick: what it comes to, and what is told where there is nobody to send a call to.

use std::{sync::atomic::AtomicU64, time::Instant};

use tonic::Status;

use super::{
    Shared,
    chosen::{Chosen, said},
    pool::{Ask, Rule},
    view::View,
};
use crate::call::{Call, Mark};

/// What a look at the peers comes to.
#[derive(Debug)]
pub(super) enum Choice<T> {
    /// This one.
    Here(T),
    /// None yet: somebody is at it.
    Wait,
    /// None, and none will be soon.
    Nowhere(Nowhere),
}

/// Why a call cannot be sent to anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Nowhere {
    /// The name was never resolved, for this reason.
    Unresolved(String),
    /// The name has no endpoints.
    Empty,
    /// It has some that would fit, and none of them is to get calls.
    Weightless,
    /// It has some, and all of other releases: these.
    Unfit(String),
    /// None of so many can be reached; why the last one cannot.
    Unreachable(usize, String),
}

impl<L> View<L> {
    /// One of the peers for `call`; `turns` counts those that were given out in turn.
    pub(super) fn pick(&self, call: &Call, now: Instant, turns: &AtomicU64) -> Choice<Chosen<L>> {
        let candidates = self.candidates(said(call));
        let ask = Ask {
            tried: &call.attempt.tried,
            key: self.key(call),
            now,
            turns,
            rule: Rule::Elsewhere,
        };
        match candidates.pick(&ask) {
            Some((peer, pass)) => Choice::Here(Chosen::new(peer, pass, call, now)),
            None => self.why_not(candidates),
        }
    }
}

impl<L> Shared<L> {
    /// What a call is told that cannot be sent.
    pub(super) fn fail(&self, why: Nowhere) -> Status {
        let target = self.resolver.target();
        match why {
            Nowhere::Unresolved(why) => Mark::Unprocessed.on(Status::unavailable(format!(
                "{target} cannot be resolved: {why}"
            ))),
            Nowhere::Empty => {
                Mark::Unprocessed.on(Status::unavailable(format!("{target} has no endpoints")))
            }
            Nowhere::Unfit(releases) => Mark::Incompatible.on(Status::failed_precondition(format!(
                "no endpoint of {target} fits this client's release; there are {releases}: build the client against one of \
                 them, or start a server that it fits"
            ))),
            Nowhere::Weightless => Mark::Unprocessed.on(Status::unavailable(format!(
                "all endpoints of {target} that fit have a weight of 0"
            ))),
            Nowhere::Unreachable(1, why) => Mark::Unprocessed.on(Status::unavailable(why)),
            Nowhere::Unreachable(all, why) => Mark::Unprocessed.on(Status::unavailable(format!(
                "none of the {all} endpoints of {target} can be reached; the last one tried: {why}"
            ))),
        }
    }
}
