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

/// grpc-go `TestServerSendsRSTAfterDeadlineToMisbehavedClient`.
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

/// grpc-go `TestZeroSecondTimeout`.
#[tokio::test(start_paused = true)]
async fn a_budget_of_nothing_is_spent_on_arrival_and_one_that_is_malformed_is_internal() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    for (said, expected) in [
        ("0S", Code::DeadlineExceeded),
        ("00000000H", Code::DeadlineExceeded),
        ("-1S", Code::Internal),
        ("+5S", Code::Internal),
        ("1s", Code::Internal),
        ("5", Code::Internal),
        ("", Code::Internal),
        ("123456789S", Code::Internal),
    ] {
        let answer = client.call(SAY, &[("grpc-timeout", said)], "hi").await;
        assert_eq!(code(answer), expected, "`{said}`");
    }
    let twice = [("grpc-timeout", "1S"), ("grpc-timeout", "1S")];
    assert_eq!(code(client.call(SAY, &twice, "hi").await), Code::Internal);
    assert_eq!(server.probe.begun.available_permits(), 0);
}

/// grpc-go `TestLargeTimeout`.
/// grpc-java `testDeadlinePropagation`.
#[tokio::test]
async fn a_handler_has_what_its_client_has_left_and_no_end_if_that_has_none() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let left = async |said| {
        let text = client.call(SAY, &[("grpc-timeout", said)], "left").await;
        text.unwrap().parse::<u64>().unwrap()
    };
    assert!((8_000..=9_000).contains(&left("9S").await));
    let hour = 3_600_000;
    let longest = left("99999999H").await;
    assert!((99_999_998 * hour..=99_999_999 * hour).contains(&longest));
    assert_eq!(client.say("left").await.unwrap(), "never");
}

/// grpc-go `TestServerSendsRSTAfterDeadlineToMisbehavedClient`.
#[tokio::test]
async fn a_client_that_ignores_its_own_deadline_is_told_and_its_stream_is_reset() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let begun = tokio::time::Instant::now();
    let (answer, mut send) = client
        .0
        .clone()
        .send_request(request(SAY, &[("grpc-timeout", "100m")]), false)
        .unwrap();
    // It says half of what it has to say, and never that it is done.
    send.send_data(framed("half").slice(..7), false).unwrap();
    let told = read(answer.await.unwrap()).await;
    assert_eq!(code(told), Code::DeadlineExceeded);
    assert!(begun.elapsed() >= Duration::from_millis(100));
    let reset = std::future::poll_fn(|context| send.poll_reset(context)).await;
    assert_eq!(reset.unwrap(), h2::Reason::NO_ERROR);
    assert!(client.say("hi").await.is_ok());
}

/// grpc-dotnet `WriteUntilDeadline_SuccessResponsesStreamed_Deadline`, `WriteUntilDeadline_SuccessResponsesStreamed_Token`, `WriteMessageAfterDeadline`.
#[tokio::test]
async fn what_was_streamed_before_the_deadline_arrives_and_then_a_status() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let request = request(REPEAT, &[("grpc-timeout", "100m")]);
    let (_, mut body) = client
        .send(request, &[framed("forever")])
        .await
        .into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        bytes.extend_from_slice(&data.unwrap());
    }
    assert_eq!(bytes, framed("forever"));
    let trailers = body.trailers().await.unwrap().unwrap();
    let status = outcome(trailers).unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    server.probe.dropped(1).await;
}
