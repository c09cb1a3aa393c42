//! Calls whose attempts end as a script says, on a paused clock.

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
    started: Instant,
}

impl Script {
    fn new(acts: impl IntoIterator<Item = Act>) -> Arc<Self> {
        Arc::new(Self {
            acts: Mutex::new(acts.into_iter().collect()),
            seen: Mutex::default(),
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
        match act {
            Some(Act::Fail(status)) => return Err(status),
            Some(Act::Hang) => during(Phase::Headers, pending()).await,
            None => {}
        }
        Ok(Reply::new(call.body))
    }
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
