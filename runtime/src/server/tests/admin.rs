//! The plain HTTP side: what probes are told over a server's life, and what it does not put up with.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::server::{Page, Readiness, ServeError};

/// What a server with a plain HTTP side is asked.
struct Asked {
    running: Running,
    admin: SocketAddr,
}

impl Asked {
    async fn start(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let actor = Actor::new();
        let builder = Server::builder().add(actor.clone()).admin("127.0.0.1:0");
        let server = configure(builder).bind("127.0.0.1:0").await.unwrap();
        let admin = server.admin_addr().unwrap();
        Self {
            running: Running::of(server, actor),
            admin,
        }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        // As kubelet asks.
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 10.0.0.7:9090\r\nUser-Agent: kube-probe/1.33\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        );
        parsed(&self.say(&request).await)
    }

    async fn say(&self, request: &str) -> String {
        let mut socket = TcpStream::connect(self.admin).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A server may reset what it did not read to the end.
        let _ = socket.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }
}

fn parsed(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    (status.parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn probes_see_a_server_that_is_ready_and_one_that_drains() {
    let server = Asked::start(|builder| builder).await;
    assert_eq!(server.get("/livez").await, (200, "alive\n".to_owned()));
    assert_eq!(server.get("/readyz").await, (200, "ready\n".to_owned()));
    assert_eq!(server.get("/readyz?verbose").await.0, 200);

    let client = server.running.client().await;
    let waiting = tokio::spawn(async move { client.say("wait").await });
    server.running.probe.begun(1).await;
    let Asked { running, admin } = server;
    running.stop.send(()).unwrap();
    while TcpStream::connect(running.address).await.is_ok() {}
    let server = |path| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        async move {
            let mut socket = TcpStream::connect(admin).await.unwrap();
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            socket.read_to_string(&mut answer).await.unwrap();
            parsed(&answer)
        }
    };
    // It lives for as long as it drains, or it would be killed in the middle of it.
    assert_eq!(server("/livez").await.0, 200);
    assert_eq!(
        server("/readyz").await,
        (503, "not ready: draining\n".to_owned())
    );
    running.probe.leave.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), "wait");
    assert_eq!(running.ended.await.unwrap(), Drained::default());
    // And it ends with it.
    assert!(TcpStream::connect(admin).await.is_err());
}

#[tokio::test]
async fn a_server_is_not_ready_before_its_conditions_are_met() {
    let readiness = Readiness::default();
    let database = readiness.condition("database");
    let server = Asked::start(|builder| builder.readiness(readiness.clone())).await;
    assert_eq!(
        server.get("/readyz").await,
        (503, "not ready: database: not met yet\n".to_owned())
    );
    database.met();
    readiness.ready().await;
    assert_eq!(server.get("/readyz").await.0, 200);
    database.unmet("no connection");
    assert_eq!(
        server.get("/readyz").await,
        (503, "not ready: database: no connection\n".to_owned())
    );
    // Calls are served all the same: what cannot do without the database says so itself.
    assert!(server.running.client().await.say("hi").await.is_ok());
}

#[tokio::test]
async fn pages_of_ones_own_stand_beside_the_probes() {
    let metrics = http::HeaderValue::from_static("text/plain; version=0.0.4");
    let page = move || Page::new(metrics.clone(), "calls_total 7\n");
    let server = Asked::start(|builder| builder.admin_page("/metrics", page)).await;
    let answer = server.say("GET /metrics HTTP/1.0\r\n\r\n").await;
    assert!(
        answer.contains("content-type: text/plain; version=0.0.4\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("calls_total 7\n"), "{answer}");
    let (status, body) = server.get("/").await;
    assert_eq!(
        (status, &*body),
        (404, "nothing here; known: /livez, /metrics, /readyz\n")
    );
    let answer = server
        .say("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"));
    let posted = server
        .say("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert_eq!(parsed(&posted).0, 405);
}

#[tokio::test]
async fn what_is_no_http_or_too_much_of_it_is_refused_and_others_are_answered() {
    let server = Asked::start(|builder| builder).await;
    let long = "x".repeat(64 << 10);
    for request in [
        "\0\u{1}\u{2}garbage\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(100)),
    ] {
        let answer = server.say(&request).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    assert_eq!(server.get("/livez").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn silent_clients_keep_probes_waiting_for_five_seconds_at_most() {
    let server = Asked::start(|builder| builder).await;
    let begun = tokio::time::Instant::now();
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(server.admin).await.unwrap());
    }
    assert_eq!(server.get("/livez").await.0, 200);
    assert!(begun.elapsed() <= Duration::from_secs(6));
}

#[tokio::test]
async fn a_place_that_is_taken_is_an_error_of_bind() {
    let server = Asked::start(|builder| builder).await;
    let refused = Server::builder()
        .admin(server.admin)
        .bind("127.0.0.1:0")
        .await;
    let refused = refused.err().unwrap();
    assert!(matches!(refused, ServeError::Bind { .. }));
    assert!(refused.to_string().contains(&server.admin.to_string()));
}
