//! An admitted call on its way, and what its end tells the breaker.

use std::{ops::Deref, sync::Arc, time::Duration};

use tonic::Status;
use tonic_types::StatusExt;

use super::Breakers;
use crate::{
    call::{Call, Deadline, Mark, Method, Race},
    clock,
    policy::{
        breaker::{Breaker, CallInfo, Permit, Verdict},
        refusal::was_refused_there,
        retry::Pushback,
    },
};

/// An admitted call. Dropped before it told its outcome, it was abandoned by its caller, unless its time was up.
pub(super) struct Watch<B: Deref<Target = Breaker>, S: Deref<Target = Breakers>> {
    permit: Option<Permit<B>>,
    breakers: S,
    method: &'static Method,
    deadline: Deadline,
    race: Option<Arc<Race>>,
}

// === Watch ===

impl<B: Deref<Target = Breaker>, S: Deref<Target = Breakers>> Watch<B, S> {
    pub(super) fn new(permit: Permit<B>, breakers: S, call: &Call) -> Self {
        Self {
            permit: Some(permit),
            breakers,
            method: call.method,
            deadline: call.deadline,
            race: call.attempt.race.clone(),
        }
    }

    /// The head of a streamed reply has come.
    pub(super) fn answered(&mut self) {
        if let Some(permit) = &mut self.permit {
            permit.answered(clock::now());
        }
    }

    /// The call is over.
    pub(super) fn tell(&mut self, failed: Option<&Status>) {
        if let Some(permit) = self.permit.take() {
            self.settle(permit, failed);
        }
    }

    /// The call is over, and nobody had to wait for it: a success needs no time of its own, see [`Permit::is_timed`].
    #[inline]
    pub(super) fn tell_at_once(&mut self, failed: Option<&Status>) {
        match self
            .permit
            .take_if(|permit| failed.is_none() && !permit.is_timed())
        {
            Some(permit) => {
                let now = permit.started();
                permit.complete(now, Verdict::Success);
            }
            None => self.tell(failed),
        }
    }

    fn settle(&self, permit: Permit<B>, failed: Option<&Status>) {
        let now = clock::now();
        let Some(status) = failed.filter(|_| !self.is_lost()) else {
            let lost = failed.is_some();
            return permit.complete(
                now,
                if lost {
                    Verdict::Ignored
                } else {
                    Verdict::Success
                },
            );
        };
        // What was refused on this side, or for its version, says nothing about the peer's health.
        if let Some(Mark::Refused | Mark::Incompatible | Mark::Misplaced) = Mark::of(status) {
            return permit.complete(now, Verdict::Ignored);
        }
        if was_refused_there(status) {
            return permit.complete(now, Verdict::Ignored);
        }
        let elapsed = now.saturating_duration_since(permit.started());
        let info = CallInfo::new(self.method, elapsed, self.breakers.timeout(self.method));
        match permit.breaker().verdict(status, info) {
            Verdict::Failure => permit.fail(now, pushback(status)),
            verdict => permit.complete(now, verdict),
        }
    }

    /// Whether another attempt of the same call won.
    fn is_lost(&self) -> bool {
        self.race.as_ref().is_some_and(|race| race.is_lost())
    }
}

impl<B: Deref<Target = Breaker>, S: Deref<Target = Breakers>> Drop for Watch<B, S> {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        let now = clock::now();
        if self.is_lost() {
            permit.complete(now, Verdict::Ignored);
        } else if self.deadline.has_passed(now) {
            self.settle(permit, Some(&Status::deadline_exceeded("")));
        } else {
            permit.abandon(now);
        }
    }
}

/// How long the peer asked not to be called: in gRPC's header, or in the details that Google's interfaces use.
fn pushback(status: &Status) -> Option<Duration> {
    match Pushback::of(status) {
        Pushback::After(wait) => Some(wait),
        Pushback::Stop => None,
        Pushback::Unsaid if status.details().is_empty() => None,
        Pushback::Unsaid => status.get_details_retry_info()?.retry_delay,
    }
}
