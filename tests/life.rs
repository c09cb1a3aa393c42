//! Servers that end while hundreds of calls are under way: none is lost, and none is done twice.
#![cfg(unix)]

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use couplet::{Channel, Server, Status, Streaming, call::Mark, config::ServiceConfig};
use couplet_tests::{
    ledger::{Entry, Ledger, NUMBER},
    program,
};
use movies_api::{
    CreateMovieRequest, GetMovieRequest, ListMoviesRequest, MoviesClient, MoviesServer, PosterChunk,
};
use tokio::{sync::oneshot, task::JoinSet, time::sleep};

/// Calls at once, which need several connections to each server.
const WORKERS: u64 = 200;
/// No call is cut for being slow where the machine is, and none is refused on this side: a breaker counts the calls that a
/// server which leaves did not look at, though they are answered elsewhere.
const PATIENCE: &str = r#"{"methodConfig": [{"timeout": "60s", "disabled": ["circuitBreaker"], "name": [
    {"service": "movies.v1.Movies", "method": "CreateMovie"}, {"service": "movies.v1.Movies", "method": "GetMovie"},
    {"service": "movies.v1.Movies", "method": "ListMovies"}, {"service": "movies.v1.Movies", "method": "UploadPoster"}
]}]}"#;

/// Calls without a pause, each with a number of its own.
struct Load {
    client: MoviesClient,
    next: AtomicU64,
    over: AtomicBool,
}

/// Calls that are made, until they are stopped.
struct Underway {
    load: Arc<Load>,
    workers: JoinSet<Vec<(u64, Status)>>,
}

impl Load {
    async fn on(targets: &[u16]) -> Underway {
        let addresses: Vec<_> = targets
            .iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        let target = format!("static:///{}", addresses.join(","));
        let patient = ServiceConfig::from_json(PATIENCE).unwrap();
        let channel = Channel::builder(target).policies(patient);
        let channel = channel.connect().await.unwrap();
        let load = Arc::new(Self {
            client: MoviesClient::new(channel),
            next: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            workers.spawn(Arc::clone(&load).work());
        }
        Underway { load, workers }
    }

    /// The calls that failed.
    async fn work(self: Arc<Self>) -> Vec<(u64, Status)> {
        let mut failed = Vec::new();
        while !self.over.load(Relaxed) {
            let number = self.next.fetch_add(1, Relaxed);
            let mut answer = self.call(number).await;
            // What no server has looked at is safe to call again, and says so.
            while let Err(status) = &answer
                && matches!(Mark::of(status), Some(Mark::Unprocessed | Mark::Unsent))
            {
                answer = self.call(number).await;
            }
            if let Err(status) = answer {
                failed.push((number, status));
            }
        }
        failed
    }

    async fn call(&self, number: u64) -> Result<(), Status> {
        let (client, said) = (&self.client, number.to_string());
        match number % 4 {
            0 => {
                let call = client.create_movie(CreateMovieRequest::default());
                call.metadata(NUMBER, &said).await?;
            }
            1 => {
                let call = client.get_movie(GetMovieRequest::default());
                call.metadata(NUMBER, &said).await?;
            }
            2 => {
                let call = client.list_movies(ListMoviesRequest::default());
                let call = call.metadata(NUMBER, &said);
                let mut movies = call.await?.into_inner();
                let mut many = 0;
                while movies.message().await?.is_some() {
                    many += 1;
                }
                assert_eq!(many, 5, "a list that was cut looks whole");
            }
            _ => {
                let piece = PosterChunk::default().with_data(vec![7; 10_000]);
                let call = client.upload_poster(Streaming::iter(vec![piece; 4]));
                let call = call.metadata(NUMBER, &said);
                assert_eq!(call.await?.get_ref().chunks, 4);
            }
        }
        Ok(())
    }
}

impl Underway {
    /// Waits until so many more calls have begun.
    async fn pass(&self, calls: u64) {
        let until = self.load.next.load(Relaxed) + calls;
        while self.load.next.load(Relaxed) < until {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets the calls under way end, of which none may fail, and says how many there were.
    async fn stop(mut self) -> u64 {
        self.load.over.store(true, Relaxed);
        while let Some(failed) = self.workers.join_next().await {
            let failed = failed.unwrap();
            assert!(failed.is_empty(), "{failed:?}");
        }
        self.load.next.load(Relaxed)
    }
}

/// Every call was accepted once, by one of the servers, and came to its end there.
fn settle(calls: u64, ledgers: &[BTreeMap<u64, Entry>]) {
    let once = Entry {
        accepted: 1,
        finished: 1,
    };
    for number in 0..calls {
        let entries: Vec<_> = ledgers
            .iter()
            .filter_map(|ledger| ledger.get(&number))
            .collect();
        assert_eq!(entries, [&once], "call {number} of {calls}");
    }
    for ledger in ledgers {
        assert!(!ledger.is_empty(), "a server that nobody called");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_this_process_drain_under_load_and_every_call_is_answered_once() {
    let mut ports = Vec::new();
    let mut servers = Vec::new();
    let ledgers: Vec<_> = (0..3).map(|_| Ledger::default()).collect();
    for ledger in &ledgers {
        let server = Server::builder().add(MoviesServer::new(ledger.clone()));
        let server = server.max_concurrent_streams(30);
        let server = server.bind("127.0.0.1:0").await.unwrap();
        ports.push(server.local_addr().unwrap().port());
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run_until(async {
            let _ = stopped.await;
        }));
        servers.push((stop, running));
    }
    let load = Load::on(&ports).await;
    load.pass(1_000).await;
    // The last one stays.
    let _stays = servers.pop();
    for (stop, running) in servers {
        stop.send(()).unwrap();
        load.pass(1_000).await;
        assert_eq!(running.await.unwrap(), couplet::server::Drained::default());
    }
    let calls = load.stop().await;
    let ledgers: Vec<_> = ledgers.iter().map(Ledger::entries).collect();
    settle(calls, &ledgers);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_get_sigterm_under_load_end_well_and_every_call_is_answered_once() {
    let folder = Folder::new();
    let mut programs: Vec<_> = ["first", "second", "third"]
        .into_iter()
        .map(|name| {
            let path = folder.0.join(name);
            let mut command = Command::new(env!("CARGO_BIN_EXE_life-server"));
            let command = command.arg("--ledger").arg(&path).arg("--delay_ms=50");
            (program::Server::start(command, ""), path)
        })
        .collect();
    let ports: Vec<_> = programs.iter().map(|(program, _)| program.port).collect();
    let load = Load::on(&ports).await;
    load.pass(1_000).await;
    let (stays, last) = programs.pop().unwrap();
    let mut ledgers = Vec::new();
    for (program, path) in programs {
        let ended = tokio::task::spawn_blocking(|| program.terminate());
        load.pass(1_000).await;
        assert!(ended.await.unwrap(), "it cut calls, or did not end well");
        ledgers.push(Ledger::read(&path));
    }
    let calls = load.stop().await;
    assert!(
        tokio::task::spawn_blocking(|| stays.terminate())
            .await
            .unwrap()
    );
    ledgers.push(Ledger::read(&last));
    settle(calls, &ledgers);
}

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("couplet-life-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
