//! The client's side: chooses the deadline and holds the call to it.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tonic::Status;

use super::{Counts, expiry::Expiry};
use crate::{
    call::{Call, Deadline, Invoke, Limit, Mark, Method, Phase, Reply},
    clock,
    context::Context,
    layer::{tap::tapped, timer::within},
    policy::plan::{Plans, Switch},
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
    #[expect(
        clippy::manual_async_fn,
        reason = "an async fn would keep, and move, the call twice"
    )]
    fn invoke(&self, mut call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        async move {
            let now = *call.started.get_or_insert_with(clock::now);
            let budget = self.budget(call.method);
            let planned = self.plans.timeout(call.method);
            call.deadline = effective(&call, planned, budget.held_back, now);
            let expiry = Expiry {
                deadline: call.deadline,
                started: now,
            };
            if call.deadline.instant().is_some() {
                self.counts.bounded.add();
            }
            if !budget.is_enough(call.deadline, now) {
                self.counts.expired_on_arrival.add();
                return Err(Mark::Refused.on(expiry.status(now, Phase::Queue)));
            }
            // Pinned where it is made: moved into the timer, it would be copied once more.
            let at = call.deadline.instant();
            let answer = tapped(self.inner.invoke(call), |answer| match answer {
                Ok(reply) => expiry.bind(reply, &self.counts),
                Err(status) => expiry.attribute(status, &self.counts),
            });
            let late = |phase| {
                self.counts.expired.add();
                self.counts.phases.add(phase);
                Err(expiry.status(clock::now(), phase))
            };
            within(at, pin!(answer), late).await
        }
    }
}

impl<I> Calling<I> {
    #[inline]
    fn budget(&self, method: &Method) -> Budget {
        match self.plans.is_on(method, Switch::Budget) {
            true => self.planned_budget(method),
            false => Budget::default(),
        }
    }

    #[cold]
    fn planned_budget(&self, method: &Method) -> Budget {
        let policies = self.plans.of(method).policies;
        Budget {
            needed: policies.min_budget.unwrap_or_default(),
            held_back: policies.propagation_margin.unwrap_or_default(),
        }
    }
}

// === Budget ===

/// What a method asks of the time that is left.
#[derive(Debug, Clone, Copy, Default)]
struct Budget {
    /// The least with which a call is sent at all.
    needed: Duration,
    /// What is kept of an inherited deadline, for the answer to it.
    held_back: Duration,
}

impl Budget {
    fn is_enough(self, deadline: Deadline, now: Instant) -> bool {
        let left = deadline.remaining(now);
        left.is_none_or(|left| !left.is_zero() && left >= self.needed)
    }
}

/// The least of what this call asks for, what its method allows and what is left to the call being served.
#[inline]
fn effective(
    call: &Call,
    planned: Option<Duration>,
    held_back: Duration,
    now: Instant,
) -> Deadline {
    let after = |timeout: Option<Duration>, limit| match timeout {
        Some(timeout) => Deadline::after(now, timeout, limit),
        None => Deadline::NEVER,
    };
    call.deadline
        .earliest(after(call.timeout, Limit::Call))
        .earliest(after(planned, Limit::Method))
        .earliest(Context::current_deadline().inherited().less(held_back))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        call::Policies,
        fixture::{ECHO, Handler, echo, say},
        layer::deadline::Serving,
        policy::plan::Plan,
    };

    fn calling<I>(inner: I, policies: Policies) -> Calling<I> {
        let plans = Plans::new(&ECHO, |_| Plan::new(policies));
        Calling::new(inner, Arc::new(plans), Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_with_too_little_time_is_not_sent() {
        let budget = Policies::UNSET.min_budget(Duration::from_millis(20));
        let stack = calling(Handler(echo), budget);
        let mut call = say(&ECHO, "hi");
        call.timeout = Some(Duration::from_millis(19));
        let refused = stack.invoke(call).await.unwrap_err();
        assert_eq!(Mark::of(&refused), Some(Mark::Refused));
        let mut call = say(&ECHO, "hi");
        call.timeout = Some(Duration::from_millis(20));
        stack.invoke(call).await.unwrap();
        // No deadline leaves all the time there is.
        stack.invoke(say(&ECHO, "hi")).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_margin_is_held_back_of_what_is_inherited_and_of_nothing_else() {
        let margin = Policies::UNSET.propagation_margin(Duration::from_millis(5));
        let outer = Serving::new(
            Handler(move |call: Call| async move {
                let left = |call: &Call| call.deadline.remaining(clock::now());
                let inner = calling(
                    Handler(move |call: Call| async move {
                        assert_eq!(left(&call), Some(Duration::from_millis(45)));
                        echo(call).await
                    }),
                    margin,
                );
                inner.invoke(say(&ECHO, "hi")).await?;
                let own = calling(
                    Handler(move |call: Call| async move {
                        assert_eq!(left(&call), Some(Duration::from_millis(40)));
                        echo(call).await
                    }),
                    margin,
                );
                let mut shorter = say(&ECHO, "hi");
                shorter.timeout = Some(Duration::from_millis(40));
                own.invoke(shorter).await?;
                echo(call).await
            }),
            Arc::default(),
        );
        let mut call = say(&ECHO, "hi");
        call.deadline = Deadline::after(clock::now(), Duration::from_millis(50), Limit::Call);
        outer.invoke(call).await.unwrap();
    }
}
