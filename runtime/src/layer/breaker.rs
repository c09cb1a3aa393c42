//! Stops calling a peer that is sick: asks the method's breaker, and tells it how the call ended.
//!
//! Stands inside retries, so that it sees every attempt and its open state ends them cheaply, and outside the version
//! check and the carrier. A call that its deadline ended from outside is a failure here, not an abandoned one.

use std::{ops::Deref, sync::Arc};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{
    call::{Body, BreakerPolicy, Call, Deadline, End, Invoke, Mark, Method, Race, Reply, Service},
    clock,
    policy::breaker::{self as policy, Config, Permit, Rejected, Verdict},
};

/// The breakers of one service at one target, one a method.
#[derive(Debug)]
pub struct Breakers(Box<[Arc<policy::Breaker>]>);

/// Asks a breaker before every call.
#[derive(Debug)]
pub struct Breaker<I> {
    inner: I,
    breakers: Arc<Breakers>,
}

/// Puts a [`Breaker`] around what it is given.
#[derive(Debug, Clone)]
pub struct BreakerLayer {
    breakers: Arc<Breakers>,
}

impl BreakerLayer {
    /// Asks `breakers`.
    pub fn new(breakers: Arc<Breakers>) -> Self {
        Self { breakers }
    }
}

impl<I> tower_layer::Layer<I> for BreakerLayer {
    type Service = Breaker<I>;

    fn layer(&self, inner: I) -> Breaker<I> {
        Breaker::new(inner, Arc::clone(&self.breakers))
    }
}

// === Breakers ===

impl Breakers {
    /// Closed breakers, as the contract of `service` has them; with the defaults where it is silent.
    pub fn new(service: &'static Service) -> Self {
        let now = clock::now();
        let breaker = |method: &Method| {
            let declared = method.policies.breaker.unwrap_or(BreakerPolicy::UNSET);
            let breaker = policy::Breaker::new(Config::from(&declared), now, fastrand::u64(..));
            Arc::new(breaker.expect("the generator checked the declared breaker"))
        };
        Self(service.methods.iter().map(breaker).collect())
    }

    /// The breaker of `method`: its state, its counts, its events, and the way to force it.
    pub fn of(&self, method: &Method) -> &Arc<policy::Breaker> {
        &self.0[method.index]
    }
}

// === Breaker ===

impl<I> Breaker<I> {
    /// Guards the calls of `inner`.
    pub fn new(inner: I, breakers: Arc<Breakers>) -> Self {
        Self { inner, breakers }
    }
}

impl<I: Invoke> Invoke for Breaker<I> {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let now = call.started.unwrap_or_else(clock::now);
        let (method, deadline, race) = (call.method, call.deadline, call.attempt.race.clone());
        let breaker = self.breakers.of(method);
        let refuse = |rejected| refuse(method, &rejected);
        if method.kind.gives_one() {
            let watch = Watch::new(breaker.admit(now).map_err(refuse)?, deadline, race);
            let answer = self.inner.invoke(call).await;
            watch.tell(breaker, answer.as_ref().err());
            return answer;
        }
        let watch = Watch::new(breaker.admit_owned(now).map_err(refuse)?, deadline, race);
        let mut answer = self.inner.invoke(call).await;
        match &mut answer {
            Ok(Reply {
                body: Body::Many(frames),
                ..
            }) => {
                let breaker = Arc::clone(breaker);
                frames.on_end(move |end| match end {
                    End::Complete => watch.tell(&breaker, None),
                    End::Failed(status) => watch.tell(&breaker, Some(status)),
                    End::Abandoned => drop(watch),
                });
            }
            Ok(_) => watch.tell(breaker, None),
            Err(status) => watch.tell(breaker, Some(status)),
        }
        answer
    }
}

fn refuse(method: &Method, rejected: &Rejected) -> Status {
    let text = format!("{}: nothing was sent, the {rejected}", method.path);
    let mut details = ErrorDetails::new();
    let told = [
        ("breaker".to_owned(), method.path.to_owned()),
        ("state".to_owned(), format!("{:?}", rejected.state)),
    ];
    details.set_error_info("CIRCUIT_OPEN", "couplet", told);
    details.set_retry_info(rejected.retry_in);
    let status = Status::with_error_details(Code::Unavailable, text, details);
    Mark::Refused.on(status)
}

// === Watch ===

/// An admitted call. Dropped before it told its outcome, it was abandoned by its caller, unless its time was up.
struct Watch<B: Deref<Target = policy::Breaker>> {
    permit: Option<Permit<B>>,
    deadline: Deadline,
    /// Told when another attempt of the same call won, and this one is dropped for it.
    race: Option<Arc<Race>>,
}

impl<B: Deref<Target = policy::Breaker>> Watch<B> {
    fn new(permit: Permit<B>, deadline: Deadline, race: Option<Arc<Race>>) -> Self {
        Self {
            permit: Some(permit),
            deadline,
            race,
        }
    }

    fn tell(mut self, breaker: &policy::Breaker, failed: Option<&Status>) {
        let verdict = match failed {
            None => Verdict::Success,
            // What was refused on this side, or for its version, says nothing about the peer's health.
            Some(status)
                if matches!(Mark::of(status), Some(Mark::Refused | Mark::Incompatible)) =>
            {
                Verdict::Ignored
            }
            Some(status) => breaker.config().verdict(status.code()),
        };
        if let Some(permit) = self.permit.take() {
            permit.complete(clock::now(), verdict);
        }
    }
}

impl<B: Deref<Target = policy::Breaker>> Drop for Watch<B> {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        let now = clock::now();
        if self.race.as_ref().is_some_and(|race| race.is_lost()) {
            permit.complete(now, Verdict::Ignored);
        } else if self.deadline.has_passed(now) {
            permit.complete(now, Verdict::Failure);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use policy::State;

    use super::*;
    use crate::{
        call::{Frames, Limit},
        fixture::{ECHO, Handler, echo, say},
    };

    fn guarding<I>(inner: I) -> Breaker<I> {
        Breaker::new(inner, Arc::new(Breakers::new(&ECHO)))
    }

    fn state<I>(stack: &Breaker<I>) -> State {
        stack.breakers.of(&ECHO.methods[0]).state()
    }

    #[tokio::test(start_paused = true)]
    async fn twenty_failures_open_it_and_the_next_call_is_not_sent() {
        let stack = guarding(Handler(|_| async { Err(Status::unavailable("sick")) }));
        for _ in 0..20 {
            assert_eq!(state(&stack), State::Closed);
            stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
        }
        assert_eq!(state(&stack), State::Open);
        let refused = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
        assert_eq!(Mark::of(&refused), Some(Mark::Refused));
        let info = refused.get_details_error_info().unwrap();
        assert_eq!(info.reason, "CIRCUIT_OPEN");
        assert!(
            refused
                .get_details_retry_info()
                .unwrap()
                .retry_delay
                .is_some()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_hangs_until_the_deadline_is_sick() {
        let stack = guarding(Handler(|_| pending()));
        for _ in 0..20 {
            let mut call = say(&ECHO, "hi");
            let limit = Duration::from_millis(10);
            call.deadline = Deadline::after(clock::now(), limit, Limit::Call);
            tokio::time::timeout(limit, stack.invoke(call))
                .await
                .unwrap_err();
        }
        assert_eq!(state(&stack), State::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn neither_a_caller_that_leaves_nor_a_local_refusal_says_the_peer_is_sick() {
        let leaving = guarding(Handler(|_| pending()));
        let refused = guarding(Handler(|_| async {
            Err(Mark::Refused.on(Status::unavailable("bulkhead full")))
        }));
        for _ in 0..40 {
            let call = leaving.invoke(say(&ECHO, "hi"));
            tokio::time::timeout(Duration::from_millis(1), call)
                .await
                .unwrap_err();
            refused.invoke(say(&ECHO, "hi")).await.unwrap_err();
        }
        assert_eq!(state(&leaving), State::Closed);
        assert_eq!(state(&refused), State::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_lost_to_another_one_says_nothing_even_at_its_deadline() {
        let stack = guarding(Handler(|_| pending()));
        for _ in 0..40 {
            let mut call = say(&ECHO, "hi");
            let limit = Duration::from_millis(10);
            call.deadline = Deadline::after(clock::now(), limit, Limit::Call);
            let race = Arc::<Race>::default();
            call.attempt.race = Some(Arc::clone(&race));
            let mut attempt = Box::pin(stack.invoke(call));
            let ended = tokio::time::timeout(limit, &mut attempt).await;
            assert!(ended.is_err());
            race.lose();
        }
        assert_eq!(state(&stack), State::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_counts_by_how_it_ends() {
        struct Broken;
        impl crate::call::Source for Broken {
            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<crate::call::Frame, Status>>> {
                std::task::Poll::Ready(Some(Err(Status::unavailable("cut"))))
            }
        }
        let stack = guarding(Handler(|_| async {
            Ok(Reply::new(Body::Many(Frames::new(Broken))))
        }));
        let repeat = &ECHO.methods[1];
        for _ in 0..20 {
            let call = Call {
                method: repeat,
                ..say(&ECHO, "hi")
            };
            let mut frames = stack.invoke(call).await.unwrap().body.into_frames();
            frames.frame().await.unwrap().unwrap_err();
        }
        assert_eq!(stack.breakers.of(repeat).state(), State::Open);
        assert_eq!(state(&stack), State::Closed, "each method has its own");
        let healthy = guarding(Handler(echo));
        healthy.invoke(say(&ECHO, "hi")).await.unwrap();
    }
}
