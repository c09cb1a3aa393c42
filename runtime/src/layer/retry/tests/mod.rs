//! Calls whose attempts end as a script says, on a paused clock.

mod hedged;
mod streams;
mod unary;

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use tonic::{Code, Status};

use super::*;
use crate::{
    call::{Idempotency, Policies, RetryPolicy, Service},
    fixture::{ECHO, say},
};

/// What becomes of an attempt.
enum Act {
    /// It fails at once.
    Fail(Status),
    /// It fails after so many milliseconds.
    Late(u64, Status),
    /// It is answered after so many milliseconds.
    Answer(u64),
    /// The head of its answer comes after so many milliseconds, the rest after so many more.
    Begin(u64, u64),
    /// Nothing comes.
    Hang,
}

/// An attempt as the far end saw it.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    at: Duration,
    previous: u32,
    said: String,
}

/// A far end whose attempts end as the script says; once that is over, they are answered.
struct Script {
    acts: Mutex<VecDeque<Act>>,
    seen: Mutex<Vec<Seen>>,
    /// Which attempts were dropped before they were over, and whether they had been told that they lost.
    dropped: Mutex<Vec<(u32, bool)>>,
    started: Instant,
}

/// An attempt that is not over.
struct UnderWay<'a>(&'a Script, crate::call::Attempt);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let told = (self.1.previous, self.1.is_lost());
        self.0.dropped.lock().unwrap().push(told);
    }
}

async fn waiting(phase: Phase, millis: u64) {
    during(phase, tokio::time::sleep(Duration::from_millis(millis))).await;
}

impl Script {
    fn new(acts: impl IntoIterator<Item = Act>) -> Arc<Self> {
        Arc::new(Self {
            acts: Mutex::new(acts.into_iter().collect()),
            seen: Mutex::default(),
            dropped: Mutex::default(),
            started: clock::now(),
        })
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// When the attempts began, in milliseconds.
    fn times(&self) -> Vec<u128> {
        self.seen().iter().map(|seen| seen.at.as_millis()).collect()
    }
}

impl Invoke for Script {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let crate::call::Body::One(message, _) = &call.body else {
            panic!("a unary call");
        };
        self.seen.lock().unwrap().push(Seen {
            at: clock::now() - self.started,
            previous: call.attempt.previous,
            said: message.decode()?,
        });
        let act = self.acts.lock().unwrap().pop_front();
        let under_way = UnderWay(self, call.attempt.clone());
        let outcome = act_out(act).await;
        std::mem::forget(under_way);
        outcome.map(|()| Reply::new(call.body))
    }
}

async fn act_out(act: Option<Act>) -> Result<(), Status> {
    match act {
        Some(Act::Fail(status)) => return Err(status),
        Some(Act::Late(millis, status)) => {
            waiting(Phase::Headers, millis).await;
            return Err(status);
        }
        Some(Act::Answer(millis)) => waiting(Phase::Headers, millis).await,
        Some(Act::Begin(head, rest)) => {
            waiting(Phase::Headers, head).await;
            waiting(Phase::Body, rest).await;
        }
        Some(Act::Hang) => during(Phase::Headers, pending()).await,
        None => {}
    }
    Ok(())
}

/// A service whose methods are declared so.
fn service(idempotency: Idempotency, policies: Policies) -> &'static Service {
    let methods = ECHO.methods.iter().map(|method| crate::call::Method {
        service: &ECHO,
        idempotency,
        policies,
        ..*method
    });
    Box::leak(Box::new(Service {
        name: "test.Echo",
        version: "0.0.0",
        accepts: "",
        wire_since: "",
        schema: "",
        meeting: crate::call::Meeting::DEFAULT,
        ages: None,
        methods: Box::leak(methods.collect()),
        descriptor: &[],
        cache: crate::call::Cache::new(),
    }))
}

/// A method that is retried: five attempts, one second apart at first.
fn retried() -> &'static Service {
    let retry = RetryPolicy {
        max_attempts: Some(5),
        initial_backoff: Some(Duration::from_secs(1)),
        max_backoff: Some(Duration::from_secs(60)),
        ..RetryPolicy::UNSET
    };
    let policies = Policies {
        retry: Some(retry),
        ..Policies::UNSET
    };
    service(Idempotency::NoSideEffects, policies)
}

fn retrying<I>(inner: I, service: &'static Service) -> Retry<I> {
    retrying_to(inner, service, &Arc::default())
}

fn retrying_to<I>(inner: I, service: &'static Service, target: &Arc<Target>) -> Retry<I> {
    Retry::new(
        inner,
        Arc::new(Plans::of_contract(service)),
        Arc::clone(target),
    )
}

fn unavailable() -> Act {
    Act::Fail(Status::unavailable("sick"))
}

fn pushing_back(text: &str) -> Act {
    let mut status = Status::unavailable("busy");
    headers::insert(
        status.metadata_mut(),
        headers::PUSHBACK,
        text.parse().unwrap(),
    );
    Act::Fail(status)
}
