//! The client's deadline, at the server: on arrival, in the handler, in the stream.

use std::time::Duration;

use super::*;

#[tokio::test(start_paused = true)]
async fn what_arrives_too_late_never_reaches_the_handler() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let late = client.call(SAY, &[("grpc-timeout", "0n")], "hi").await;
    assert_eq!(code(late), Code::DeadlineExceeded);
    assert_eq!(server.probe.begun.available_permits(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_dropped_at_the_deadline() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let begun = tokio::time::Instant::now();
    let cut = client.call(SAY, &[("grpc-timeout", "300m")], "hang").await;
    assert_eq!(code(cut), Code::DeadlineExceeded);
    assert!(begun.elapsed() < Duration::from_millis(400));
    server.probe.dropped(1).await;
    assert!(client.say("hi").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_the_deadline_with_a_status() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let begun = tokio::time::Instant::now();
    let cut = client
        .call(REPEAT, &[("grpc-timeout", "300m")], "forever")
        .await;
    assert_eq!(code(cut), Code::DeadlineExceeded);
    assert!(begun.elapsed() < Duration::from_millis(400));
    server.probe.dropped(1).await;
}
