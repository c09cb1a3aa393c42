//! A client that calls as often as it should, whatever comes back, and keeps the books.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use couplet::{Channel, Status, client::ConnectError, config::ServiceConfig};
use movies_api::{CreateMovieRequest, GetMovieRequest, Movie, MoviesClient};
use tokio::{
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use crate::Outcome;

/// One call in this time: 600 a second.
const EVERY: Duration = Duration::from_micros(1_667);
/// How long it may take until a server that serves is known.
const KNOWN: Duration = Duration::from_secs(10);
/// Of so many calls one adds a movie, which must not be repeated.
const ADDS: u64 = 20;

const POLICIES: &str = r#"{"methodConfig": [{
    "name": [{"service": "movies.v1.Movies"}],
    "timeout": "1s",
    "retryPolicy": {
        "maxAttempts": 3, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"], "perAttemptRecvTimeout": "0.25s"
    }
}]}"#;

/// A client under load.
pub(super) struct Load {
    books: Arc<Mutex<Books>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What became of the calls of one act.
#[derive(Debug, Default, Clone)]
pub(super) struct Books {
    times: Vec<Duration>,
    /// Calls that may be repeated and failed all the same.
    failed: Vec<String>,
    /// Calls that must not be repeated and came to nothing.
    lost: Vec<String>,
}

impl Load {
    pub(super) async fn start(registry: String) -> Outcome<Self> {
        let movies = timeout(KNOWN, connect(&registry)).await??;
        let books = Arc::<Mutex<Books>>::default();
        let (stop, stopped) = oneshot::channel();
        let calling = call_until(stopped, movies, Arc::clone(&books));
        Ok(Self {
            books,
            stop,
            task: tokio::spawn(calling),
        })
    }

    /// What became of the calls since the last time.
    pub(super) fn take(&self) -> Books {
        std::mem::take(&mut *locked(&self.books))
    }

    /// Stops calling; what became of the calls since the last time.
    pub(super) async fn end(self) -> Outcome<Books> {
        // Whoever does not listen any more has ended.
        let _ = self.stop.send(());
        self.task.await?;
        Ok(std::mem::take(&mut *locked(&self.books)))
    }
}

/// A client, once the first server is known to the registry.
async fn connect(registry: &str) -> Outcome<MoviesClient> {
    loop {
        let channel = Channel::builder(format!("{registry}/movies.v1.Movies"))
            .policies(ServiceConfig::from_json(POLICIES)?)
            .connect();
        match channel.await {
            Ok(channel) => return Ok(MoviesClient::new(channel)),
            Err(ConnectError::Unreachable(_)) => sleep(EVERY).await,
            Err(wrong) => return Err(wrong.into()),
        }
    }
}

fn locked(books: &Mutex<Books>) -> std::sync::MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn call_until(
    mut stopped: oneshot::Receiver<()>,
    movies: MoviesClient,
    books: Arc<Mutex<Books>>,
) {
    let (mut calls, mut number) = (JoinSet::new(), 0);
    let mut due = interval(EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            Some(_) = calls.join_next() => {}
            _ = due.tick() => {
                number += 1;
                calls.spawn(call(number, movies.clone(), Arc::clone(&books)));
            }
        }
    }
    while calls.join_next().await.is_some() {}
}

async fn call(number: u64, movies: MoviesClient, books: Arc<Mutex<Books>>) {
    let begun = Instant::now();
    let adds = number.is_multiple_of(ADDS);
    let answer = if adds {
        let movie = Movie::default().with_title("The Fleet");
        let request = CreateMovieRequest::default().with_movie(movie);
        movies.create_movie(request).await.map(drop)
    } else {
        let request = GetMovieRequest::default().with_id(1);
        movies.get_movie(request).await.map(drop)
    };
    let mut books = locked(&books);
    match answer {
        Err(status) if adds => books.lost.push(told(&status)),
        Err(status) => books.failed.push(told(&status)),
        Ok(()) => books.times.push(begun.elapsed()),
    }
}

// === Books ===

impl Books {
    /// Calls that came to an end.
    pub(super) fn calls(&self) -> usize {
        self.times.len() + self.failed.len() + self.lost.len()
    }

    /// Holds what is promised: no call that may be repeated fails, and `accepted` says whether no call at all may.
    ///
    /// # Errors
    /// If that was broken.
    pub(super) fn hold(&self, accepted: bool) -> Outcome {
        if let Some(first) = self.failed.first() {
            let many = self.failed.len();
            return Err(
                format!("{many} calls that may be repeated failed; the first: {first}").into(),
            );
        }
        match self.lost.first().filter(|_| accepted) {
            Some(first) => {
                let many = self.lost.len();
                Err(format!("{many} accepted calls were lost; the first: {first}").into())
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Books {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.times.clone();
        times.sort();
        let at = |share: f64| {
            let place = (times.len() as f64 * share) as usize;
            let time = times.get(place.min(times.len().saturating_sub(1)));
            time.map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        write!(
            formatter,
            "{:>5} calls, p50 {:>5.1} ms, p99 {:>6.1} ms, slowest {:>6.1} ms, {} failed, {} lost that must not be repeated",
            self.calls(),
            at(0.5),
            at(0.99),
            at(1.0),
            self.failed.len(),
            self.lost.len()
        )
    }
}

fn told(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}
