//! Connections that end before their server does: too old, too long without a call, or stuck. All over pipes in memory, on
//! a clock that only these connections move.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::Instant,
};

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A server of `count` connections, and their other ends.
fn piped(count: usize, configure: impl FnOnce(Builder) -> Builder) -> (Vec<DuplexStream>, Running) {
    let (ours, theirs): (Vec<_>, Vec<_>) = (0..count).map(|_| tokio::io::duplex(64 << 10)).unzip();
    let actor = Actor::new();
    let builder = configure(Server::builder().add(actor.clone()));
    let incoming = stream::iter(theirs.into_iter().map(Ok)).chain(stream::pending());
    let server = builder.incoming(Box::pin(incoming)).unwrap();
    (ours, Running::of(server, actor))
}

/// A client, and when and how its connection ends.
async fn watched(pipe: DuplexStream) -> (Client, JoinHandle<(Duration, Result<(), h2::Error>)>) {
    let begun = Instant::now();
    let (client, connection) = h2::client::handshake(pipe).await.unwrap();
    let ended = tokio::spawn(async move {
        let ended = connection.await;
        (begun.elapsed(), ended)
    });
    (Client(client), ended)
}

#[tokio::test(start_paused = true)]
async fn old_connections_are_told_to_go_each_at_a_time_of_its_own() {
    let (pipes, _server) = piped(20, |builder| builder.max_connection_age(10 * MINUTE));
    let mut times = Vec::new();
    for pipe in pipes {
        let (client, ended) = watched(pipe).await;
        assert_eq!(client.say("hi").await.unwrap(), "hi");
        times.push((client, ended));
    }
    let mut ends = Vec::new();
    for (_client, ended) in times {
        let (after, how) = ended.await.unwrap();
        // A GOAWAY that names no error.
        how.unwrap();
        assert!(after >= 9 * MINUTE && after <= 11 * MINUTE, "{after:?}");
        ends.push(after);
    }
    ends.sort();
    let spread = ends[ends.len() - 1] - ends[0];
    assert!(spread > MINUTE / 2, "{spread:?}");
}

#[tokio::test(start_paused = true)]
async fn what_an_old_connection_carries_may_end_within_its_grace() {
    let (mut pipes, server) = piped(2, |builder| {
        builder
            .max_connection_age(MINUTE)
            .max_connection_age_grace(MINUTE)
    });
    let (slow, slow_ended) = watched(pipes.remove(0)).await;
    let (stuck, stuck_ended) = watched(pipes.remove(0)).await;
    let waiting = tokio::spawn({
        let slow = slow.clone();
        async move { slow.say("wait").await }
    });
    let hanging = tokio::spawn({
        let stuck = stuck.clone();
        async move { stuck.call(SAY, &[], "hang").await }
    });
    server.probe.begun(2).await;
    tokio::time::sleep(MINUTE + MINUTE / 2).await;
    // New calls do not come here any more ...
    assert_eq!(code(slow.say("hi").await), Code::Unavailable);
    // ... but what was accepted ends well, and the connection with it,
    server.probe.leave.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), "wait");
    slow_ended.await.unwrap().1.unwrap();
    // or it is cut.
    assert_eq!(code(hanging.await.unwrap()), Code::Unavailable);
    let (after, _) = stuck_ended.await.unwrap();
    assert!(
        after >= MINUTE * 19 / 10 && after <= MINUTE * 21 / 10,
        "{after:?}"
    );
    server.probe.dropped(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_idle_from_the_end_of_its_last_call() {
    let (mut pipes, server) = piped(1, |builder| builder.max_connection_idle(MINUTE));
    let (client, ended) = watched(pipes.remove(0)).await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.say("wait").await }
    });
    server.probe.begun(1).await;
    tokio::time::sleep(3 * MINUTE).await;
    server.probe.leave.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), "wait");
    tokio::time::sleep(MINUTE / 2).await;
    assert_eq!(client.say("hi").await.unwrap(), "hi");
    let (after, how) = ended.await.unwrap();
    how.unwrap();
    let expected = 3 * MINUTE + MINUTE / 2 + MINUTE;
    assert!(
        after >= expected && after < expected + Duration::from_secs(1),
        "{after:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn without_settings_a_connection_lasts() {
    let (mut pipes, _server) = piped(1, |builder| builder);
    let (client, ended) = watched(pipes.remove(0)).await;
    tokio::time::sleep(10_000 * MINUTE).await;
    assert_eq!(client.say("hi").await.unwrap(), "hi");
    assert!(!ended.is_finished());
}

/// Such a client never confirms that it was told to go, which graceful shutdown waits for.
#[tokio::test(start_paused = true)]
async fn a_client_that_is_stuck_holds_no_drain() {
    let (mut pipes, server) = piped(2, |builder| builder.keepalive(None, MINUTE));
    // One shook hands, and was never heard of again.
    let mut silent = pipes.remove(0);
    silent
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let mut first = [0; 9];
    silent.read_exact(&mut first).await.unwrap();
    // One never said a word.
    let wordless = pipes.remove(0);

    let stopped = Instant::now();
    server.stop.send(()).unwrap();
    assert_eq!(server.ended.await.unwrap(), Drained::default());
    assert!(stopped.elapsed() <= Duration::from_secs(11));
    drop((silent, wordless));
}
