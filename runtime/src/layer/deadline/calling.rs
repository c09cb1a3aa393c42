//! The client's side: chooses the deadline and holds the call to it.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tonic::Status;

use super::{Counts, expiry::Expiry};
use crate::{
    call::{Call, Deadline, Invoke, Limit, Mark, Phase, Reply},
    clock,
    context::Context,
    layer::timer::within,
    policy::plan::Plans,
};

/// The client's side: chooses the deadline and holds the call to it.
#[derive(Debug)]
pub struct Calling<I> {
    inner: I,
    plans: Arc<Plans>,
    pub(super) counts: Arc<Counts>,
}

/// Bounds what it is given, as a client does. Whatever one layer is put around counts together.
#[derive(Debug, Clone)]
pub struct CallingLayer {
    plans: Arc<Plans>,
    counts: Arc<Counts>,
}

impl CallingLayer {
    /// Holds calls to the timeouts in `plans`.
    pub fn new(plans: Arc<Plans>) -> Self {
        Self {
            plans,
            counts: Arc::default(),
        }
    }
}

impl<I> tower_layer::Layer<I> for CallingLayer {
    type Service = Calling<I>;

    fn layer(&self, inner: I) -> Calling<I> {
        Calling::new(inner, Arc::clone(&self.plans), Arc::clone(&self.counts))
    }
}

// === Calling ===

impl<I> Calling<I> {
    /// Bounds the calls of `inner`, each as its method's row in `plans` says.
    pub fn new(inner: I, plans: Arc<Plans>, counts: Arc<Counts>) -> Self {
        Self {
            inner,
            plans,
            counts,
        }
    }
}

impl<I: Invoke> Invoke for Calling<I> {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        let now = *call.started.get_or_insert_with(clock::now);
        call.deadline = effective(&call, self.plans.timeout(call.method), now);
        let expiry = Expiry {
            deadline: call.deadline,
            started: now,
        };
        if call.deadline.instant().is_some() {
            self.counts.bounded.add();
        }
        if call.deadline.has_passed(now) {
            self.counts.expired_on_arrival.add();
            return Err(Mark::Refused.on(expiry.status(now, Phase::Queue)));
        }
        // Pinned where it is made: moved into the timer, it would be copied once more.
        let at = call.deadline.instant();
        match within(at, pin!(self.inner.invoke(call))).await {
            Ok(Ok(reply)) => Ok(expiry.bound(reply)),
            Ok(Err(status)) => Err(expiry.attribute(status)),
            Err(phase) => {
                self.counts.expired.add();
                Err(expiry.status(clock::now(), phase))
            }
        }
    }
}

/// The least of what this call asks for, what its method allows and what is left to the call being served.
fn effective(call: &Call, planned: Option<Duration>, now: Instant) -> Deadline {
    let after = |timeout: Option<Duration>, limit| match timeout {
        Some(timeout) => Deadline::after(now, timeout, limit),
        None => Deadline::NEVER,
    };
    call.deadline
        .earliest(after(call.timeout, Limit::Call))
        .earliest(after(planned, Limit::Method))
        .earliest(Context::current_deadline().inherited())
}
