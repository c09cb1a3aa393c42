//! A server's figures, scraped by a real Prometheus.

/// Against Debian's `prometheus`, with a store of its own.
mod foreign {
    use std::{
        fs,
        io::Write,
        path::PathBuf,
        process::{self, Stdio},
        time::Duration,
    };

    use couplet::{
        Channel, Request, Response, Status, server, telemetry::metrics::Prometheus as Recorder,
    };
    use couplet_tests::{
        peers::peer,
        program::{PATIENCE, Server},
    };
    use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::{interval, timeout},
    };

    type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

    /// Knows one movie.
    struct Catalog;

    impl Movies for Catalog {
        async fn get_movie(
            &self,
            request: Request<GetMovieRequest>,
        ) -> Result<Response<Movie>, Status> {
            match request.get_ref().id {
                7 => Ok(Response::new(Movie::default())),
                id => Err(Status::not_found(format!("no movie {id}"))),
            }
        }
    }

    /// Scrapes one place, and is gone with its store when this is dropped.
    struct Prometheus {
        server: Server,
        data: PathBuf,
    }

    impl Prometheus {
        fn scraping(port: u16) -> Fallible<Self> {
            let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
                .join(format!("prometheus-{}", process::id()));
            // Of a run that was killed, if anything is there.
            let _ = fs::remove_dir_all(&data);
            fs::create_dir_all(&data)?;
            let config = data.join("config.yml");
            let text = format!(
                "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\n\
                 scrape_configs:\n- job_name: movies\n  static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
            );
            fs::write(&config, text)?;
            let mut command = peer("prometheus");
            command.arg("--config.file").arg(&config);
            command.arg("--storage.tsdb.path").arg(&data);
            command.arg("--web.listen-address=127.0.0.1:0");
            let listens = "msg=\"Listening on\" address=127.0.0.1:";
            Ok(Self {
                server: Server::start_logging(&mut command, listens),
                data,
            })
        }

        /// What it answers to a query, as JSON.
        async fn ask(&self, query: &str) -> Fallible<String> {
            let path = format!("/api/v1/query?query={query}");
            get(self.server.port, &path).await
        }

        /// Asks until the answer has all of `parts`: it scrapes when it likes to.
        async fn wait_for(&self, query: &str, parts: &[&str]) -> Fallible<()> {
            let mut pauses = interval(Duration::from_millis(50));
            let mut last = String::new();
            let told = timeout(PATIENCE, async {
                loop {
                    pauses.tick().await;
                    last = self.ask(query).await?;
                    if parts.iter().all(|part| last.contains(part)) {
                        return Fallible::Ok(());
                    }
                }
            });
            match told.await {
                Ok(told) => told,
                Err(_) => Err(format!("{query} never had {parts:?}, but: {last}").into()),
            }
        }
    }

    impl Drop for Prometheus {
        fn drop(&mut self) {
            // The program goes after this, and does not mind.
            let _ = fs::remove_dir_all(&self.data);
        }
    }

    async fn get(port: u16, path: &str) -> Fallible<String> {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    /// Holds the page against what Prometheus' own tool thinks of names, units and texts.
    fn check(page: &str) -> Fallible<()> {
        let mut promtool = peer("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // Its input ends with the handle, and it with its input.
        promtool
            .stdin
            .take()
            .ok_or("no input")?
            .write_all(page.as_bytes())?;
        let ended = promtool.wait_with_output()?;
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "promtool: {said}\n{page}");
        Ok(())
    }

    #[tokio::test]
    async fn calls_that_were_served_are_found_in_prometheus() -> Fallible<()> {
        let recorder = Recorder::install()?;
        let server = server::Server::builder()
            .add(MoviesServer::new(Catalog))
            .admin("127.0.0.1:0")
            .metrics(&recorder)
            .bind("127.0.0.1:0")
            .await?;
        let address = server.local_addr().ok_or("no address")?;
        let admin = server.admin_addr().ok_or("no plain HTTP side")?;
        let running = tokio::spawn(server.run());
        let prometheus = Prometheus::scraping(admin.port())?;

        let channel = Channel::connect(format!("http://{address}")).await?;
        let movies = MoviesClient::new(channel);
        for id in [7, 7, 7, 8] {
            // One is not known, which is what is counted.
            let request = GetMovieRequest::default().with_id(id);
            let _ = movies.get_movie(request).await;
        }
        let three = ["movies.v1.Movies/GetMovie", "\"OK\"", ",\"3\"]"];
        for count in [
            "rpc_server_call_duration_seconds_count",
            "rpc_client_call_duration_seconds_count",
        ] {
            prometheus.wait_for(count, &three).await?;
            let failed = ["\"error_type\":\"NOT_FOUND\"", ",\"1\"]"];
            prometheus.wait_for(count, &failed).await?;
        }
        let quick = "histogram_quantile(0.5,rpc_server_call_duration_seconds_bucket)";
        prometheus.wait_for(quick, &["\"OK\"", "\"value\""]).await?;
        let state = ["\"state\":\"Closed\"", ",\"1\"]"];
        prometheus.wait_for("couplet_breaker_state", &state).await?;
        let seen = ["\"side\":\"server\"", "\"version\":\"1.4.2\"", ",\"4\"]"];
        prometheus
            .wait_for("couplet_version_seen_total", &seen)
            .await?;

        let page = get(admin.port(), "/metrics").await?;
        let (head, body) = page.split_once("\r\n\r\n").ok_or("no body")?;
        assert!(head.contains("text/plain; version=0.0.4"), "{head}");
        check(body)?;
        running.abort();
        Ok(())
    }
}
