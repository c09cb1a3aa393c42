//! Stops calling a peer that is sick: asks the method's breaker, and tells it how the call ended.
//!
//! Stands inside retries, so that it sees every attempt and its open state ends them cheaply, and outside the version
//! check and the carrier. A call that its deadline ended from outside is a failure here, not an abandoned one, and an
//! attempt that another one beat says nothing at all.

mod breakers;
mod watch;

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    time::Instant,
};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub use self::breakers::Breakers;
use self::watch::Watch;
use crate::{
    call::{Body, Call, End, Invoke, Mark, Method, Reply},
    clock,
    policy::breaker::Rejected,
};

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

// === Breaker ===

impl<I> Breaker<I> {
    /// Guards the calls of `inner`.
    pub fn new(inner: I, breakers: Arc<Breakers>) -> Self {
        Self { inner, breakers }
    }
}

impl<I: Invoke> Invoke for Breaker<I> {
    #[expect(
        clippy::manual_async_fn,
        reason = "an async fn would keep, and move, the call twice"
    )]
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        async move {
            let now = call.started.unwrap_or_else(clock::now);
            let method = call.method;
            if !method.kind.gives_one() {
                return self.streamed(now, call).await;
            }
            let permit = self.breakers.of(method).admit(now);
            let permit = permit.map_err(|rejected| refuse(method, &rejected))?;
            let mut watch = Watch::new(permit, &*self.breakers, &call);
            let (mut attempt, mut waited) = (pin!(self.inner.invoke(call)), false);
            let answer = poll_fn(|context| {
                let polled = attempt.as_mut().poll(context);
                waited |= polled.is_pending();
                polled
            });
            let answer = answer.await;
            match waited {
                true => watch.tell(answer.as_ref().err()),
                false => watch.tell_at_once(answer.as_ref().err()),
            }
            answer
        }
    }
}

impl<I: Invoke> Breaker<I> {
    /// A call whose answer is over when its stream is.
    async fn streamed(&self, now: Instant, call: Call) -> Result<Reply, Status> {
        let method = call.method;
        let permit = self.breakers.of(method).admit_owned(now);
        let permit = permit.map_err(|rejected| refuse(method, &rejected))?;
        let mut watch = Watch::new(permit, Arc::clone(&self.breakers), &call);
        let mut answer = self.inner.invoke(call).await;
        match &mut answer {
            Ok(Reply {
                body: Body::Many(frames),
                ..
            }) => {
                watch.answered();
                frames.on_end(move |end| match end {
                    End::Complete => watch.tell(None),
                    End::Failed(status) => watch.tell(Some(status)),
                    End::Abandoned => drop(watch),
                });
            }
            Ok(_) => watch.tell(None),
            Err(status) => watch.tell(Some(status)),
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

#[cfg(test)]
mod tests;
