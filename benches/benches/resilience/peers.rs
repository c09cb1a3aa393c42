//! The layers of tower-resilience and seatbelt, as their documentation has them.

use std::future::Future;

use couplet::call::Message;
use layered::{Execute, Stack as _};
use seatbelt::{RecoveryInfo, ResilienceContext};
use tick::Clock;
use tower::Layer as _;
use tower_resilience_circuitbreaker::{CircuitBreakerHandle, CircuitBreakerLayer};
use tower_resilience_retry::RetryLayer;
use tower_resilience_timelimiter::TimeLimiterLayer;

use super::{LONG, echo, fail};

pub(super) fn tower_breaker() -> (
    impl tower::Service<Message, Response = Message, Future: Send> + Clone + Send,
    CircuitBreakerHandle,
) {
    let layer = CircuitBreakerLayer::builder().wait_duration_in_open(LONG);
    let (layer, handle) = layer.build_with_handle().expect("the defaults make sense");
    (layer.layer(tower::service_fn(echo)), handle)
}

pub(super) fn tower_retry()
-> impl tower::Service<Message, Response = Message, Future: Send> + Clone + Send {
    RetryLayer::exponential_backoff()
        .build()
        .layer(tower::service_fn(echo))
}

pub(super) fn tower_stack()
-> impl tower::Service<Message, Response = Message, Future: Send> + Clone + Send {
    let breaker = CircuitBreakerLayer::builder().build();
    let guarded = breaker
        .expect("the defaults make sense")
        .layer(tower::service_fn(echo));
    let retried = RetryLayer::exponential_backoff().build().layer(guarded);
    TimeLimiterLayer::builder()
        .timeout_duration(LONG)
        .build()
        .layer(retried)
}

fn context<Q, A>() -> ResilienceContext<Q, Result<A, &'static str>> {
    ResilienceContext::new(Clock::new_tokio())
}

fn sick<A>(answer: &Result<A, &'static str>) -> RecoveryInfo {
    match answer {
        Ok(_) => RecoveryInfo::never(),
        Err(_) => RecoveryInfo::retry(),
    }
}

/// One that opens with its first failure and fails every call, if it `is_sick`.
pub(super) fn seatbelt_breaker(
    is_sick: bool,
) -> impl layered::Service<Message, Out = Result<Message, &'static str>> {
    let layer = seatbelt::breaker::Breaker::layer("breaker", &context())
        .recovery_with(|answer, _| sick(answer))
        .rejected_input_error(|_, _| "open");
    let layer = match is_sick {
        true => layer.min_throughput(1).break_duration(LONG),
        false => layer,
    };
    let inner = move |message| async move {
        match is_sick {
            true => fail().await,
            false => echo(message).await,
        }
    };
    (layer, Execute::new(inner)).into_service()
}

pub(super) fn seatbelt_retry<Q, A, F>(
    inner: impl Fn(Q) -> F + Send + Sync + 'static,
) -> impl layered::Service<Q, Out = Result<A, &'static str>>
where
    Q: Clone + Send + Sync + 'static,
    A: Send + Sync + 'static,
    F: Future<Output = Result<A, &'static str>> + Send + 'static,
{
    let layer = seatbelt::retry::Retry::layer("retry", &context())
        .clone_input()
        .recovery_with(|answer, _| sick(answer));
    (layer, Execute::new(inner)).into_service()
}

pub(super) fn seatbelt_stack<Q, A, F>(
    inner: impl Fn(Q) -> F + Send + Sync + 'static,
) -> impl layered::Service<Q, Out = Result<A, &'static str>>
where
    Q: Clone + Send + Sync + 'static,
    A: Send + Sync + 'static,
    F: Future<Output = Result<A, &'static str>> + Send + 'static,
{
    let context = context();
    let layers = (
        seatbelt::timeout::Timeout::layer("timeout", &context)
            .timeout_error(|_| "late")
            .timeout(LONG),
        seatbelt::retry::Retry::layer("retry", &context)
            .clone_input()
            .recovery_with(|answer, _| sick(answer)),
        seatbelt::breaker::Breaker::layer("breaker", &context)
            .recovery_with(|answer, _| sick(answer))
            .rejected_input_error(|_, _| "open"),
        Execute::new(inner),
    );
    layers.into_service()
}
