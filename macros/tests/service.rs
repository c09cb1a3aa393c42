//! A trait as a contract, end to end: in the same process, over a socket, and refused where releases do not fit.

#[path = "support/ratings.rs"]
mod ratings;

use std::time::Duration;

use couplet::carrier::local::Local;
use couplet::codegen::{CodeSet, Contract, Idempotency, Kind, Method, Policies};
use couplet::{Channel, Code, Server, Streaming};
use ratings::{Film, Honest, Rating, Ratings, RatingsClient, RatingsServer};

/// Calls every kind of method.
async fn asked_for_everything(ratings: &RatingsClient) -> Result<(), couplet::Status> {
    let rating = |stars| Rating { stars };
    let mean = ratings
        .mean(Film { id: 4 })
        .timeout(Duration::from_secs(1))
        .await?;
    assert_eq!(mean.into_inner(), rating(4));

    let mut all = ratings.list(Film { id: 2 }).await?.into_inner();
    assert_eq!(all.message().await?, Some(rating(2)));
    assert_eq!(all.message().await?, Some(rating(1)));
    assert_eq!(all.message().await?, None);

    let sum = ratings
        .rate(Streaming::iter([rating(2), rating(3)]))
        .await?;
    assert_eq!(sum.into_inner(), rating(5));

    let mut echo = ratings
        .discuss(Streaming::iter([rating(1)]))
        .await?
        .into_inner();
    assert_eq!(echo.message().await?, Some(rating(1)));
    assert_eq!(echo.message().await?, None);

    // Nobody implements these two: one has a body of its own in the trait ...
    assert_eq!(ratings.first(Film { id: 6 }).await?.into_inner(), rating(7));
    // ... and the other one has none.
    #[expect(deprecated, reason = "the contract still has it")]
    let forgotten = ratings.forget(()).await;
    assert_eq!(
        forgotten.expect_err("nobody wrote it").code(),
        Code::Unimplemented
    );
    Ok(())
}

#[tokio::test]
async fn all_four_kinds_are_answered_in_the_same_process() {
    let services = Local::new().with(RatingsServer::new(Honest));
    let ratings = RatingsClient::new(Channel::local(services));
    asked_for_everything(&ratings).await.expect("answers");
}

#[tokio::test]
async fn all_four_kinds_are_answered_over_a_socket() {
    let server = Server::builder().add(RatingsServer::new(Honest));
    let server = server.bind("127.0.0.1:0").await.expect("a free port");
    let address = server
        .local_addr()
        .expect("the address that it was bound to");
    let running = tokio::spawn(server.run());
    let ratings = RatingsClient::connect(format!("http://{address}")).await;
    asked_for_everything(&ratings.expect("it listens"))
        .await
        .expect("answers");
    running.abort();
}

fn method(index: usize) -> &'static Method {
    &<RatingsServer<Honest> as Contract>::SERVICE.methods[index]
}

#[test]
fn what_the_attributes_say_stands_in_the_methods() {
    let service = <RatingsServer<Honest> as Contract>::SERVICE;
    assert_eq!(service.name, "ratings.v1.Ratings");
    assert_eq!((service.version, service.accepts), ("1.4.2", "1.2"));
    let paths: Vec<_> = service.methods.iter().map(|method| method.path).collect();
    let paths_in_order = ["Mean", "All", "Rate", "Discuss", "First", "Forget"];
    assert_eq!(
        paths,
        paths_in_order.map(|name| format!("/ratings.v1.Ratings/{name}"))
    );

    let kinds: Vec<_> = service.methods.iter().map(|method| method.kind).collect();
    use Kind::{BidiStreaming, ClientStreaming, ServerStreaming, Unary};
    let expected = [
        Unary,
        ServerStreaming,
        ClientStreaming,
        BidiStreaming,
        Unary,
        Unary,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(method(0).idempotency, Idempotency::NoSideEffects);
    assert_eq!(method(1).idempotency, Idempotency::Idempotent);
    assert_eq!(method(2).idempotency, Idempotency::Unknown);
}

#[test]
fn a_method_has_its_own_policies_and_the_defaults_of_its_service() {
    let Policies {
        timeout,
        retry,
        breaker,
        ..
    } = method(0).policies;
    assert_eq!(timeout, Some(Duration::from_millis(250)));
    let retry = retry.expect("it is declared");
    assert_eq!(retry.max_attempts, Some(3));
    assert_eq!(retry.initial_backoff, Some(Duration::from_micros(1500)));
    assert_eq!(
        retry.retryable_status_codes,
        Some(CodeSet::of(&[Code::Unavailable, Code::Aborted]))
    );
    let breaker = breaker.expect("it is declared");
    assert_eq!(breaker.failure_rate_threshold, Some(62.5));
    assert_eq!(breaker.minimum_number_of_calls, Some(20));

    let policies = &method(1).policies;
    assert_eq!(policies.timeout, Some(Duration::from_secs(2)));
    assert_eq!(
        policies
            .breaker
            .and_then(|breaker| breaker.minimum_number_of_calls),
        Some(50)
    );
    assert!(policies.hedging.is_some() && policies.retry.is_none());

    assert_eq!(method(4).policies.compensated_by, Some("Forget"));
    let bulkhead = method(2).policies.bulkhead.expect("it is declared");
    assert_eq!(
        (bulkhead.max_concurrent_calls, bulkhead.max_queued),
        (Some(8), Some(2))
    );
    let limit = method(4).policies.rate_limit.expect("it is declared");
    assert_eq!(limit.limit_refresh_period, Some(Duration::from_secs(60)));
}

/// The next release of the same contract, which broke with this one.
mod next {
    use super::{Film, Rating};
    use couplet::{Request, Response, Status};

    #[couplet::service(package = "ratings.v1", version = "2.0.0")]
    pub(crate) trait Ratings {
        async fn mean(&self, request: Request<Film>) -> Result<Response<Rating>, Status>;
    }
}

#[tokio::test]
async fn a_client_of_the_next_major_is_refused_before_the_handler_runs() {
    let services = Local::new().with(RatingsServer::new(Honest));
    let ratings = next::RatingsClient::new(Channel::local(services));
    let refusal = ratings
        .mean(Film { id: 4 })
        .await
        .expect_err("2.0.0 is not 1.4.2");
    assert_eq!(refusal.code(), Code::FailedPrecondition);
    let text = refusal.message();
    assert!(text.contains("2.0.0") && text.contains("1.4.2"), "{text}");
}

#[tokio::test]
async fn a_caller_takes_a_client_or_a_fake() {
    async fn stars(ratings: &impl Ratings) -> u32 {
        let mean = ratings.mean(couplet::Request::new(Film { id: 3 })).await;
        mean.expect("an answer").into_inner().stars
    }
    let services = Local::new().with(RatingsServer::new(Honest));
    let client = RatingsClient::new(Channel::local(services));
    assert_eq!(stars(&Honest).await, stars(&client).await);
}
