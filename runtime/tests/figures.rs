//! What a recorder is told: alone in its program, which has one recorder.

use std::{sync::OnceLock, time::Duration};

use couplet::{
    Channel, Request, Response, Status,
    call::{BreakerPolicy, Policies, RetryPolicy},
    carrier::local::Local,
    config::ServiceConfig,
    telemetry::metrics::{AlreadyRecording, Prometheus},
};
use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};

/// Knows one movie, waits for ever for another, and is sick for all others.
struct Catalog;

impl Movies for Catalog {
    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        match request.get_ref().id {
            7 => Ok(Response::new(Movie::default())),
            8 => std::future::pending().await,
            _ => Err(Status::unavailable("sick")),
        }
    }
}

fn prometheus() -> &'static Prometheus {
    static INSTALLED: OnceLock<Prometheus> = OnceLock::new();
    INSTALLED.get_or_init(|| Prometheus::install().expect("nobody records yet"))
}

/// What the line that has all of these says.
fn value(text: &str, name: &str, labels: &[&str]) -> f64 {
    let mut lines = text.lines().filter(|line| {
        let named = line
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(['{', ' ']));
        named && labels.iter().all(|label| line.contains(label))
    });
    let line = lines
        .next()
        .unwrap_or_else(|| panic!("no {name} {labels:?} in\n{text}"));
    assert_eq!(lines.next(), None, "{name} {labels:?} is one");
    let (_, value) = line.rsplit_once(' ').expect("a value");
    value.parse().expect("a number")
}

fn client(policies: Policies) -> MoviesClient {
    let local = Local::new().with(MoviesServer::new(Catalog));
    let channel = Channel::local_builder(local).policies(ServiceConfig::new().all(policies));
    MoviesClient::new(channel.lazy().expect("it makes sense"))
}

/// A client whose calls went every way, and another one. Gone, what it had is in no state.
async fn called() -> MoviesClient {
    let get = |id| GetMovieRequest::default().with_id(id);
    let breaker = BreakerPolicy::UNSET
        .minimum_number_of_calls(6)
        .failure_rate_threshold(80.0);
    let policies = Policies::UNSET
        .retry(RetryPolicy::UNSET.max_attempts(3))
        .breaker(breaker);
    let (movies, others) = (client(policies), client(Policies::UNSET));
    movies.get_movie(get(7)).await.expect("it is known");
    others.get_movie(get(7)).await.expect("it is known");
    let late = movies.get_movie(get(8)).timeout(Duration::from_millis(50));
    late.await.expect_err("it waits for ever");
    for _ in 0..2 {
        movies.get_movie(get(1)).await.expect_err("it is sick");
    }
    movies
}

#[tokio::test(start_paused = true)]
async fn calls_attempts_deadlines_and_breakers_are_told_and_add_up() {
    let prometheus = prometheus();
    assert_eq!(Prometheus::install().err(), Some(AlreadyRecording));
    let movies = called().await;
    let text = prometheus.text();
    let one = r#"rpc_method="movies.v1.Movies/GetMovie""#;
    let of = |name: &str, code: &str| value(&text, name, &[one, code]);

    // Both clients together.
    let calls = |code: &str| of("rpc_client_call_duration_seconds_count", code);
    let ends = ["\"OK\"", "\"DEADLINE_EXCEEDED\"", "\"UNAVAILABLE\""];
    assert_eq!(ends.map(calls), [2.0, 1.0, 2.0]);
    let took = of("rpc_client_call_duration_seconds_sum", "DEADLINE_EXCEEDED");
    assert!((0.05..0.06).contains(&took), "{took}");
    // The sixth opens the breaker, which refuses the one after it.
    let attempts = |code: &str| of("couplet_client_attempt_duration_seconds_count", code);
    assert_eq!((attempts("\"OK\""), attempts("UNAVAILABLE")), (2.0, 5.0));
    let served = |code: &str| of("rpc_server_call_duration_seconds_count", code);
    assert_eq!((served("\"OK\""), served("DEADLINE_EXCEEDED")), (2.0, 1.0));
    let resent = |text: &str| value(text, "couplet_retry_resent_total", &["retry"]);
    assert_eq!(resent(&text), 3.0);
    let late = ["client", "phase="];
    assert_eq!(value(&text, "couplet_deadline_exceeded_total", &late), 1.0);
    let fitting = value(&text, "couplet_version_seen_total", &["server", "1.4.2"]);
    assert!(fitting >= 7.0, "{fitting}");
    let open = |text: &str| value(text, "couplet_breaker_state", &[one, "\"Open\""]);
    assert_eq!(open(&text), 1.0);

    // Nothing is told twice, and what is gone is in no state.
    assert_eq!(resent(&prometheus.text()), 3.0);
    drop(movies);
    assert_eq!(open(&prometheus.text()), 0.0);
}
