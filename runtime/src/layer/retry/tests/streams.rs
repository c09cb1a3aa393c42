//! Streamed calls: their messages are kept until the call is committed to an attempt.

use futures_util::{FutureExt, stream};
use tokio::sync::mpsc;

use super::*;
use crate::{
    Streaming,
    call::{Body, Frame, Frames, Kind, Mark, Method, Room, Source},
    fixture::Handler,
};

fn uploading(kind: Kind, messages: Streaming<String>) -> Call {
    let method = &retried().methods[0];
    let method: &'static Method = Box::leak(Box::new(Method { kind, ..*method }));
    Call::new(method, Body::Many(messages.into_frames()))
}

/// Reads the next texts of an upload, at most so many.
async fn read(frames: &mut Frames, most: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < most
        && let Some(Ok(Frame::Message(message))) = frames.frame().await
    {
        texts.push(message.decode().unwrap());
    }
    texts
}

/// Attempts read so many messages and fail then, one after the other; the next one reads all, and sends it back.
fn failing_after(reads: &'static [usize]) -> impl Invoke {
    let next = Mutex::new(reads.iter());
    Handler(move |call: Call| {
        let most = next.lock().unwrap().next();
        async move {
            let mut frames = call.body.into_frames();
            let Some(most) = most else {
                let all = read(&mut frames, usize::MAX).await;
                return Ok(Reply::new(Body::Many(Streaming::iter(all).into_frames())));
            };
            read(&mut frames, *most).await;
            Err(Status::unavailable("sick"))
        }
    })
}

async fn all(reply: Reply) -> Vec<String> {
    read(&mut reply.body.into_frames(), usize::MAX).await
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// grpc-java `retry_everythingDrained`.
/// grpc-go `TestRetryStreaming`.
/// C-core `retry_streaming`, `retry_recv_message_replay`, `retry_send_recv_batch`.
/// grpc-dotnet `AsyncClientStreamingCall_SuccessAfterRetry_RequestContentSent`, `AsyncDuplexStreamingCall_SuccessAfterRetry_RequestContentSent`, `AsyncClientStreamingCall_OneMessageSentThenRetryThenAnotherMessage_RequestContentSent`.
#[tokio::test(start_paused = true)]
async fn an_upload_is_sent_again_from_its_first_message_however_far_it_came() {
    for reads in [&[0][..], &[1], &[3], &[2, 0, 3], &[9]] {
        let stack = retrying(failing_after(reads), retried());
        let upload = uploading(Kind::BidiStreaming, Streaming::iter(texts(5)));
        let reply = stack.invoke(upload).await.unwrap();
        let previous = reply.metadata.get(headers::PREVIOUS_ATTEMPTS.as_str());
        assert_eq!(previous.unwrap(), &reads.len().to_string());
        assert_eq!(all(reply).await, texts(5), "after {reads:?}");
        assert_eq!(stack.target.room.held(), 0);
    }
}

/// grpc-dotnet `ClientStreaming_MultipleWritesAndRetries_Failure`.
#[tokio::test(start_paused = true)]
async fn an_upload_has_no_more_attempts_than_another_call() {
    let stack = retrying(failing_after(&[1, 2, 3, 4, 5, 6, 7]), retried());
    let upload = uploading(Kind::ClientStreaming, Streaming::iter(texts(9)));
    stack.invoke(upload).await.unwrap_err();
    assert_eq!(stack.counts.retries.sum(), 4);
    assert_eq!(stack.target.room.held(), 0);
}

/// grpc-java `retryUntilBufferLimitExceeded`, `perRpcBufferLimitExceeded`, `channelBufferLimitExceeded`.
/// C-core `retry_exceeds_buffer_size_in_initial_batch`, `retry_exceeds_buffer_size_in_subsequent_batch`.
/// grpc-dotnet `ClientStreaming_MultipleWritesExceedPerCallLimit_Failure`, `Unary_LargeMessages_ExceedPerCallBufferSize`, `Unary_MultipleLargeMessages_ExceedChannelMaxBufferSize`.
#[tokio::test(start_paused = true)]
async fn what_there_is_no_room_for_is_sent_once() {
    let large = || "x".repeat(6_000);
    for room in [Room::new(10_000, 1 << 20), Room::new(1 << 20, 10_000)] {
        let room = Arc::new(room);
        let target = Arc::new(Target {
            room: Arc::clone(&room),
            ..Target::default()
        });
        let retried = retried();
        let stack = retrying_to(failing_after(&[2, 2]), retried, &target);
        let two = Streaming::iter([large(), large()]);
        let upload = uploading(Kind::ClientStreaming, two);
        stack.invoke(upload).await.unwrap_err();
        assert_eq!(stack.counts.retries.sum(), 0, "both of them do not fit");

        let stack = retrying_to(failing_after(&[1]), retried, &target);
        let upload = uploading(Kind::ClientStreaming, Streaming::iter([large(), large()]));
        stack.invoke(upload).await.unwrap();
        assert_eq!(stack.counts.retries.sum(), 1, "only one was sent so far");

        let script = Script::new([unavailable(), unavailable()]);
        let stack = retrying_to(Arc::clone(&script), retried, &target);
        stack.invoke(say(retried, &large())).await.unwrap();
        let status = stack.invoke(say(retried, &"x".repeat(12_000))).await;
        assert!(
            status.is_ok(),
            "the second failure was spent on the first call"
        );
        script.acts.lock().unwrap().push_back(unavailable());
        let status = stack.invoke(say(retried, &"x".repeat(12_000))).await;
        assert_eq!(status.unwrap_err().message(), "sick");
        assert_eq!(room.held(), 0);
    }
}

/// grpc-java `perRpcBufferLimitExceededDuringBackoff`.
/// C-core `retry_exceeds_buffer_size_in_delay`.
/// grpc-dotnet `ClientStreaming_WriteAsyncFailsUntilRetries_WriteAsyncAwaitsUntilSuccess`.
#[tokio::test(start_paused = true)]
async fn nothing_is_read_from_the_caller_in_a_wait_so_nothing_can_overflow() {
    let (sender, receiver) = mpsc::channel(1);
    let messages = stream::unfold(receiver, async |mut receiver| {
        let text: String = receiver.recv().await?;
        Some((Ok(text), receiver))
    });
    let stack = retrying(failing_after(&[1]), retried());
    let upload = uploading(Kind::ClientStreaming, Streaming::new(messages));
    sender.send("0".to_owned()).await.unwrap();
    let call = stack.invoke(upload);
    let feed = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        sender.send("1".to_owned()).await.unwrap();
        // The wait is a second long, and the next message waits with it.
        let began = clock::now();
        sender.send("2".to_owned()).await.unwrap();
        assert!(clock::now() - began > Duration::from_millis(700));
        drop(sender);
    };
    let (reply, ()) = tokio::join!(call, feed);
    assert_eq!(all(reply.unwrap()).await, texts(3));
}

/// grpc-dotnet `AsyncServerStreamingCall_FailureAfterReadingResponseMessage_Failure`.
/// C-core `retry_recv_message`.
#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_after_its_head_is_the_callers_to_deal_with() {
    struct Broken(bool);
    impl Source for Broken {
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame, Status>>> {
            let message = crate::call::Message::encode(&"a".to_owned()).map(Frame::Message);
            let frame = match std::mem::replace(&mut self.0, true) {
                false => message,
                true => Err(Status::unavailable("cut")),
            };
            std::task::Poll::Ready(Some(frame))
        }
    }
    let stack = retrying(
        Handler(|_| async { Ok(Reply::new(Body::Many(Frames::new(Broken(false))))) }),
        retried(),
    );
    let reply = stack.invoke(say(retried(), "hi")).await.unwrap();
    let mut frames = reply.body.into_frames();
    assert!(frames.frame().await.unwrap().is_ok());
    assert!(frames.frame().await.unwrap().is_err());
    assert_eq!(stack.counts.retries.sum(), 0);
}

/// grpc-dotnet `AsyncServerStreamingCall_SuccessAfterRetry_RequestContentSent`.
#[tokio::test(start_paused = true)]
async fn a_streamed_answer_is_asked_for_again_while_it_has_no_head() {
    let stack = retrying(failing_after(&[1, 1]), retried());
    let reply = stack.invoke(say(retried(), "hi")).await.unwrap();
    assert_eq!(all(reply).await, ["hi"]);
}

/// grpc-java `throttleStream_Succeed`.
#[tokio::test(start_paused = true)]
async fn a_stream_is_a_success_for_the_throttle_when_it_ends_well() {
    let stack = retrying(failing_after(&[]), retried());
    let tokens = || stack.target.throttle.tokens();
    stack.target.throttle.fail(false);
    let reply = stack.invoke(say(retried(), "hi")).await.unwrap();
    assert_eq!(tokens(), 9.0);
    drop(reply);
    assert_eq!(tokens(), 9.0, "nobody knows how it would have ended");
    let reply = stack.invoke(say(retried(), "hi")).await.unwrap();
    all(reply).await;
    assert_eq!(tokens(), 9.1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_upload_itself_is_its_callers_and_is_not_repeated() {
    let stack = retrying(
        Handler(|call: Call| async {
            let mut frames = call.body.into_frames();
            match frames.frame().await {
                Some(Err(status)) => Err(status),
                _ => panic!("the upload fails"),
            }
        }),
        retried(),
    );
    let failing = stream::iter([Err(Status::unavailable("the disk is away"))]);
    let upload = uploading(Kind::ClientStreaming, Streaming::new(failing));
    let status = stack.invoke(upload).await.unwrap_err();
    assert_eq!(status.message(), "the disk is away");
    assert_eq!(stack.counts.retries.sum(), 0);
}

/// grpc-dotnet `ClientStreaming_WriteAsyncCancellationDuringRetry_Canceled`, `ClientStreaming_WriteAsyncCancellationBefore_ClientAbort`, `ClientStreaming_WriteAsyncCancellationDuring_ClientAbort`.
/// grpc-java `callCancelledBeforeCommit`, `cancelWhileDraining`.
/// C-core `retry_cancel_with_multiple_send_batches`.
#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_stops_its_upload_before_during_and_between_attempts() {
    for (reads, sent, polled) in [(0, 0, false), (2, 0, true), (2, 1, true), (0, 0, true)] {
        let (sender, receiver) = mpsc::channel::<String>(1);
        let messages = stream::unfold(receiver, async |mut receiver| {
            Some((Ok(receiver.recv().await?), receiver))
        });
        let stack = retrying(
            failing_after(if reads == 0 { &[0] } else { &[2] }),
            retried(),
        );
        let upload = uploading(Kind::ClientStreaming, Streaming::new(messages));
        let mut call = Box::pin(stack.invoke(upload));
        for _ in 0..sent {
            sender.send("a".to_owned()).await.unwrap();
        }
        if polled {
            assert!((&mut call).now_or_never().is_none());
        }
        assert!(!sender.is_closed());
        drop(call);
        assert!(sender.is_closed(), "{reads} read, {sent} sent");
    }
}

/// grpc-java `noRetry_transparentRetry_noEarlyCommit`.
#[tokio::test(start_paused = true)]
async fn an_upload_without_a_policy_is_sent_again_if_no_application_saw_it() {
    let service = service(Idempotency::Unknown, Policies::UNSET);
    let refusals = Mutex::new(vec![()]);
    let stack = retrying(
        Handler(|call: Call| {
            let refused = refusals.lock().unwrap().pop();
            async move {
                let mut frames = call.body.into_frames();
                if refused.is_some() {
                    read(&mut frames, 2).await;
                    let status = Status::unavailable("refused stream");
                    return Err(Mark::Unprocessed.on(status));
                }
                let all = read(&mut frames, usize::MAX).await;
                Ok(Reply::new(Body::Many(Streaming::iter(all).into_frames())))
            }
        }),
        service,
    );
    let mut upload = uploading(Kind::ClientStreaming, Streaming::iter(texts(4)));
    upload.method = &service.methods[0];
    assert_eq!(all(stack.invoke(upload).await.unwrap()).await, texts(4));
}
