//! Sends a call again that failed, or several times at once: gRFC A6's retries and hedging, and its transparent retry of
//! what no application saw.
//!
//! Stands inside the deadline, which bounds all attempts, and outside the breaker, which sees each of them. When a call
//! is sent again, and when not, is decided by [`policy::retry`](crate::policy::retry); here it is kept, waited and sent.

mod hedging;
mod target;

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep_until;
use tonic::Status;

use self::hedging::Memories;
pub use self::target::Target;
use crate::{
    call::{
        Body, Call, Deadline, End, Idempotency, Invoke, Method, Phase, Reply, Spare, Tried, during,
        headers,
    },
    clock,
    context::Context,
    policy::{
        counter::Counter,
        plan::{Plans, Switch},
        retry::{Attempts, Decision, Ended, Reason, RetryConfig, Rules},
    },
};

/// What the retries of one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Attempts that the policy of their method sent, beyond the first ones.
    pub retries: Counter,
    /// Calls that were sent once more because no application had seen them.
    pub transparent: Counter,
    /// Copies of calls that were sent beside them.
    pub hedges: Counter,
    /// Calls that were not sent again because too many calls to their target failed.
    pub throttled: Counter,
    /// Calls that failed with their last attempt.
    pub exhausted: Counter,
    /// The time that was waited between attempts, in nanoseconds.
    pub retry_delay: Counter,
}

/// Sends a call again that failed.
#[derive(Debug)]
pub struct Retry<I> {
    inner: I,
    plans: Arc<Plans>,
    target: Arc<Target>,
    memories: Memories,
    counts: Arc<Counts>,
}

/// Puts a [`Retry`] around what it is given. Whatever one layer is put around counts together.
#[derive(Debug, Clone)]
pub struct RetryLayer {
    plans: Arc<Plans>,
    target: Arc<Target>,
    counts: Arc<Counts>,
}

impl RetryLayer {
    /// Repeats failed calls as `plans` say, within what their `target` allows.
    pub fn new(plans: Arc<Plans>, target: Arc<Target>) -> Self {
        let counts = Arc::default();
        Self {
            plans,
            target,
            counts,
        }
    }
}

impl<I> tower_layer::Layer<I> for RetryLayer {
    type Service = Retry<I>;

    fn layer(&self, inner: I) -> Retry<I> {
        Retry::new(inner, Arc::clone(&self.plans), Arc::clone(&self.target))
            .counting(Arc::clone(&self.counts))
    }
}

// === Retry ===

impl<I> Retry<I> {
    /// Repeats the failed calls of `inner` as `plans` say, within what their `target` allows.
    pub fn new(inner: I, plans: Arc<Plans>, target: Arc<Target>) -> Self {
        Self {
            inner,
            memories: Memories::of(&plans),
            plans,
            target,
            counts: Arc::default(),
        }
    }

    /// The same, counting into `counts`.
    #[must_use]
    pub fn counting(mut self, counts: Arc<Counts>) -> Self {
        self.counts = counts;
        self
    }
}

impl<I: Invoke> Invoke for Retry<I> {
    #[expect(
        clippy::manual_async_fn,
        reason = "an async fn would keep, and move, the call twice"
    )]
    fn invoke(&self, mut call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        async move {
            let method = call.method;
            let mut attempts = Attempts::default();
            let mut spare = call.spare(&self.target.room);
            let mut tried = Tried::default();
            self.bound_attempt(&mut call);
            if let Some(config) = self.hedging(method)
                && let Some(spare) = spare.take()
            {
                return Box::pin(self.hedge(call, spare, config)).await;
            }
            // One place where attempts are awaited keeps the future, which is moved about, small.
            loop {
                let mut answer = match spare.as_ref().and_then(Spare::replay) {
                    None => pin!(self.inner.invoke(call)).await,
                    Some(_) => Box::pin(committing(&spare, self.inner.invoke(call))).await,
                };
                let status = match &mut answer {
                    Ok(reply) => {
                        self.succeeded(method, attempts, reply);
                        return answer;
                    }
                    Err(status) => status,
                };
                let previous = attempts.ended();
                if let Some(peer) = Tried::take() {
                    tried.add(peer);
                }
                let again = self.again(&mut attempts, method, status, spare.as_mut());
                let Some((again, at)) = again else {
                    mirror_failure(status, previous);
                    return answer;
                };
                drop(answer);
                call = again;
                call.attempt.tried = tried.clone();
                if let Some(at) = at {
                    during(Phase::Backoff, sleep_until(at.into())).await;
                }
            }
        }
    }
}

/// Waits for the answer to an attempt of a streamed call, which is committed to it when the head of its answer comes.
async fn committing(
    spare: &Option<Spare>,
    attempt: impl Future<Output = Result<Reply, Status>>,
) -> Result<Reply, Status> {
    let mut attempt = pin!(attempt);
    let commit = || spare.as_ref().map(Spare::commit);
    let answer = poll_fn(|context| {
        Phase::Queue.note();
        let polled = attempt.as_mut().poll(context);
        if polled.is_pending() && Phase::last() == Phase::Body {
            commit();
        }
        polled
    });
    let answer = answer.await;
    if answer.is_ok() {
        commit();
    }
    answer
}

/// Tells the caller how many attempts there were before the one that was answered, if there were any.
#[inline]
fn mirror(reply: &mut Reply, previous: u32) {
    if previous > 0 {
        let value = previous.into();
        headers::insert(&mut reply.metadata, headers::PREVIOUS_ATTEMPTS, value);
    }
}

/// Tells the caller of a failure how many other attempts there were, if there were any. It is the end of one of them, and
/// another one may have run.
fn mirror_failure(status: &mut Status, others: u32) {
    if others > 0 {
        let value = others.into();
        headers::insert(status.metadata_mut(), headers::PREVIOUS_ATTEMPTS, value);
    }
}

impl<I> Retry<I> {
    #[inline]
    fn bound_attempt(&self, call: &mut Call) {
        if self.plans.is_on(call.method, Switch::AttemptTimeout) {
            call.attempt.timeout = self.patience(call.method);
        }
    }

    /// How long an attempt of `method` may wait for the head of its answer.
    #[inline(never)]
    fn patience(&self, method: &Method) -> Option<Duration> {
        let planned = self.plans.of(method);
        planned.policies.retry?.per_attempt_recv_timeout
    }

    #[inline]
    fn succeeded(&self, method: &Method, attempts: Attempts, reply: &mut Reply) {
        if self.plans.is_on(method, Switch::Retry) {
            self.credit(reply);
        }
        mirror(reply, attempts.ended());
    }

    /// Counts a success for the throttle, once it is one: a stream may still fail.
    fn credit(&self, reply: &mut Reply) {
        let Body::Many(frames) = &mut reply.body else {
            return self.target.throttle.succeed();
        };
        let target = Arc::clone(&self.target);
        frames.on_end(move |end| {
            if matches!(end, End::Complete) {
                target.throttle.succeed();
            }
        });
    }

    /// The call to send next, and when, if it is not at once; nothing, if `status` is what came of it.
    #[cold]
    fn again(
        &self,
        attempts: &mut Attempts,
        method: &Method,
        status: &Status,
        spare: Option<&mut Spare>,
    ) -> Option<(Call, Option<Instant>)> {
        let ended = Ended {
            status,
            resendable: spare.as_ref().is_some_and(|spare| spare.is_whole()),
            chained: Context::is_repeated(),
            deadline: spare
                .as_ref()
                .map_or(Deadline::NEVER, |spare| spare.deadline()),
            now: clock::now(),
            random: fastrand::f64(),
        };
        let config = self.plans.of(method).policies.retry;
        let config = config.as_ref().map(RetryConfig::from);
        let rules = config.as_ref().map(|config| Rules {
            config,
            cap: self.target.attempts_cap,
            idempotent: method.idempotency != Idempotency::Unknown,
            throttle: &self.target.throttle,
        });
        let decision = attempts.decide(rules, &ended);
        if let Decision::Return(why) = decision {
            self.count_end(why);
            return None;
        }
        // The upload may have become too long to keep at this moment.
        let mut call = spare?.again()?;
        let at = self.count(decision, ended.now)?;
        call.attempt.previous = attempts.ended();
        call.attempt.timeout = config.and_then(|config| config.per_attempt_recv_timeout);
        Some((call, at))
    }

    /// Counts that the call is sent again; when, if it is.
    fn count(&self, decision: Decision, now: Instant) -> Option<Option<Instant>> {
        let counts = &self.counts;
        match decision {
            Decision::Transparent => {
                counts.transparent.add();
                Some(None)
            }
            Decision::RetryAt(at) => {
                counts.retries.add();
                let wait = at.saturating_duration_since(now).as_nanos();
                let wait = u64::try_from(wait).unwrap_or(u64::MAX);
                counts.retry_delay.add_many(wait);
                Some(Some(at))
            }
            Decision::Return(_) => None,
        }
    }

    fn count_end(&self, why: Reason) {
        match why {
            Reason::Throttled => self.counts.throttled.add(),
            Reason::Exhausted => self.counts.exhausted.add(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
