//! The client's deadline, at the server: on arrival, in the handler, in the stream.

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

#[tokio::test]
async fn a_stream_that_never_waits_ends_at_the_deadline_too() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let begun = tokio::time::Instant::now();
    let cut = client
        .call(REPEAT, &[("grpc-timeout", "200m")], "flood")
        .await;
    assert_eq!(code(cut), Code::DeadlineExceeded);
    assert!(begun.elapsed() >= Duration::from_millis(200));
    server.probe.dropped(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_on_cannot_keep_a_call_beyond_its_deadline() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let begun = tokio::time::Instant::now();
    let request = request(REPEAT, &[("grpc-timeout", "300m")]);
    let answer = client.send(request, &[framed("flood")]).await;
    server.probe.dropped(1).await;
    assert!(begun.elapsed() < Duration::from_millis(400));
    // Nothing of it was read, so that its window stayed shut.
    drop(answer);
    assert!(client.say("hi").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_message_never_ends_is_not_kept() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let begun = tokio::time::Instant::now();
    let (answer, mut send) = client
        .0
        .clone()
        .send_request(request(SAY, &[]), false)
        .unwrap();
    send.send_data(framed("half").slice(..7), false).unwrap();
    let refused = read(answer.await.unwrap()).await;
    assert_eq!(code(refused), Code::DeadlineExceeded);
    assert_eq!(begun.elapsed().as_secs(), 60);
    assert!(client.say("hi").await.is_ok());
}
