//! Server-side discovery: the channel has one address, and a load balancer that knows nothing of couplet stands behind it.

/// Debian's `haproxy` in front of servers of this process and of others.
mod foreign {
    use std::{
        path::PathBuf,
        process::Command,
        sync::{
            Arc,
            atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        },
        time::Duration,
    };

    use couplet::{
        Channel, Code, Request, Response, Server, Status, config::ServiceConfig, context::Context,
    };
    use couplet_tests::{
        haproxy::Haproxy,
        interop::cases,
        ledger::{Entry, Ledger, NUMBER},
        program::{self, run},
    };
    use movies_api::{
        CreateMovieRequest, GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer,
    };
    use tokio::{sync::mpsc, task::JoinSet, time::sleep};
    use tonic_types::StatusExt;

    /// What a call may take in the test of deadlines.
    const SHORT: Duration = Duration::from_millis(300);

    /// Says whether it was told how long it has, and then never answers.
    struct Slow(mpsc::UnboundedSender<&'static str>);

    /// Says that the handler it is in has ended.
    struct Ending(mpsc::UnboundedSender<&'static str>);

    impl Drop for Ending {
        fn drop(&mut self) {
            let _ = self.0.send("ended");
        }
    }

    impl Movies for Slow {
        async fn get_movie(&self, _: Request<GetMovieRequest>) -> Result<Response<Movie>, Status> {
            let _ending = Ending(self.0.clone());
            let deadline = Context::current().deadline;
            let kept = deadline
                .remaining(tokio::time::Instant::now().into_std())
                .is_some_and(|left| left <= SHORT);
            let _ = self.0.send(if kept { "kept" } else { "lost" });
            std::future::pending().await
        }
    }

    async fn serve(movies: impl Movies + 'static) -> u16 {
        let server = Server::builder().add(MoviesServer::new(movies));
        let server = server.bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        tokio::spawn(server.run());
        port
    }

    /// All that gRPC's own cases ask for: metadata, streams each way, answers of trailers alone, large messages, cancelled
    /// calls, deadlines.
    #[test]
    fn every_interop_case_passes_through_it() {
        let server = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_interop-server"));
            program::Server::start(&mut command, "")
        };
        let (one, other) = (server(), server());
        let proxy = Haproxy::start("interop", &[one.port, other.port]);
        let failure = |case: &str| {
            let mut client = Command::new(env!("CARGO_BIN_EXE_interop-client"));
            let ended = run(client
                .arg("--soak_per_iteration_max_acceptable_latency_ms=10000")
                .arg("--soak_overall_timeout_seconds=50")
                .arg("--server_host=127.0.0.1")
                .arg(format!("--server_port={}", proxy.port))
                .arg(format!("--test_case={case}")));
            (!ended.success).then(|| format!("{case}: {}", ended.said))
        };
        let failures: Vec<String> = cases().filter_map(failure).collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn calls_go_to_all_servers_and_each_hears_how_long_it_has() {
        let (sender, mut told) = mpsc::unbounded_channel();
        let ports = [serve(Slow(sender.clone())).await, serve(Slow(sender)).await];
        let proxy = Haproxy::start("deadline", &ports);
        let movies = MoviesClient::connect(proxy.url()).await.unwrap();
        let call = movies.get_movie(GetMovieRequest::default()).timeout(SHORT);
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        assert_eq!(told.recv().await, Some("kept"));
        assert_eq!(
            told.recv().await,
            Some("ended"),
            "nobody waits for it any more"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn releases_are_said_both_ways_and_a_refusal_comes_with_its_reason() {
        let ports = [
            serve(Ledger::default()).await,
            serve(Ledger::default()).await,
        ];
        let proxy = Haproxy::start("releases", &ports);
        let movies = MoviesClient::connect(proxy.url()).await.unwrap();
        let call = movies.get_movie(GetMovieRequest::default());
        call.metadata(NUMBER, "1").await.unwrap();

        // A client of another release, which is not ours.
        let channel = tonic::transport::Channel::from_shared(proxy.url()).unwrap();
        let mut client = tonic::client::Grpc::new(channel.connect().await.unwrap());
        client.ready().await.unwrap();
        let mut request = Request::new(GetMovieRequest::default());
        for (key, value) in [("x-api-version", "2.0.0"), ("x-api-min", "2.0")] {
            request.metadata_mut().insert(key, value.parse().unwrap());
        }
        let path = "/movies.v1.Movies/GetMovie".parse().unwrap();
        let codec = tonic_prost::ProstCodec::<GetMovieRequest, Movie>::default();
        let refused = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
        assert_eq!(refused.metadata().get("x-api-version").unwrap(), "1.4.2");
        let info = refused.get_details_error_info().unwrap();
        assert_eq!(info.metadata["server_version"], "1.4.2");
    }

    const PATIENT: &str = r#"{"methodConfig": [{
        "name": [{"service": "movies.v1.Movies"}], "timeout": "60s",
        "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.05s", "maxBackoff": "0.5s", "backoffMultiplier": 2,
                        "retryableStatusCodes": ["UNAVAILABLE"]}
    }]}"#;

    /// Calls that are made until they are stopped: how many, and those that failed.
    async fn load(url: String, over: Arc<AtomicBool>, next: Arc<AtomicU64>) -> Vec<Status> {
        let config = ServiceConfig::from_json(PATIENT).unwrap();
        let channel = Channel::builder(url).policies(config).connect();
        let client = MoviesClient::new(channel.await.unwrap());
        let mut workers = JoinSet::new();
        for _ in 0..50 {
            let (client, over, next) = (client.clone(), Arc::clone(&over), Arc::clone(&next));
            workers.spawn(async move {
                let mut failed = Vec::new();
                while !over.load(Relaxed) {
                    let number = next.fetch_add(1, Relaxed).to_string();
                    let call = client.create_movie(CreateMovieRequest::default());
                    failed.extend(call.metadata(NUMBER, &number).await.err());
                }
                failed
            });
        }
        workers.join_all().await.concat()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_that_drains_under_load_loses_no_call() {
        let folder = std::env::temp_dir();
        let ledger = |name| folder.join(format!("couplet-haproxy-{name}-{}", std::process::id()));
        let [(leaves, first), (stays, second)] = ["leaves", "stays"].map(|name| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_life-server"));
            let command = command
                .arg("--ledger")
                .arg(ledger(name))
                .arg("--delay_ms=300");
            (program::Server::start(command, ""), ledger(name))
        });
        let proxy = Haproxy::start("drain", &[leaves.port, stays.port]);
        let (over, next) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let load = tokio::spawn(load(proxy.url(), Arc::clone(&over), Arc::clone(&next)));
        let pass = async |calls| {
            let until = next.load(Relaxed) + calls;
            while next.load(Relaxed) < until {
                sleep(Duration::from_millis(5)).await;
            }
        };
        pass(500).await;
        let left = tokio::task::spawn_blocking(|| leaves.terminate());
        pass(500).await;
        assert!(left.await.unwrap(), "it cut calls, or did not end well");
        pass(500).await;
        over.store(true, Relaxed);
        let failed = load.await.unwrap();
        assert!(failed.is_empty(), "{failed:?}");
        assert!(
            tokio::task::spawn_blocking(|| stays.terminate())
                .await
                .unwrap()
        );
        each_ended_once(&[first, second], next.load(Relaxed));
    }

    /// Holds that each of so many calls is in one of the ledgers, and ended there; and that none is empty.
    fn each_ended_once(paths: &[PathBuf], calls: u64) {
        let ledgers: Vec<_> = paths.iter().map(|path| Ledger::read(path)).collect();
        for path in paths {
            let _ = std::fs::remove_file(path);
        }
        let once = Entry {
            accepted: 1,
            finished: 1,
        };
        for number in 0..calls {
            let entries = ledgers.iter().filter_map(|ledger| ledger.get(&number));
            assert_eq!(entries.collect::<Vec<_>>(), [&once], "call {number}");
        }
        assert!(ledgers.iter().all(|ledger| !ledger.is_empty()));
    }
}
