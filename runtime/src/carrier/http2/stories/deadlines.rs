//! Deadlines of calls on real sockets, wherever the peer leaves them waiting.

use std::{
    future::{Future, pending, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::stream;
use h2::Reason;
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::peer::{
    Asked, SERVICE, channel, framed, listen, serve, serve_with, streaming, texts, trailers, unary,
};
use crate::{
    Streaming,
    call::{Call, Invoke, Kind, Reply},
    client::{Channel, stream as fed},
};

const SHORT: Duration = Duration::from_millis(200);

/// Sends a call with all layers of a client.
async fn send(channel: &Channel, mut call: Call, timeout: Duration) -> Result<Reply, Status> {
    call.timeout = Some(timeout);
    channel.stack(&SERVICE).invoke(call).await
}

/// What a call comes to that has a short time, all of it with a connection.
async fn late(target: &str, call: Call) -> Status {
    let channel = Channel::connect(target).await.unwrap();
    send(&channel, call, SHORT).await.unwrap_err()
}

fn assert_late(status: &Status, phase: &str) {
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    let said = format!("in phase {phase}; limit: call");
    assert!(status.message().contains(&said), "{status}");
}

/// A server that tells how its streams are reset, after `begin` has begun to answer.
async fn told<F>(begin: fn(Asked) -> F) -> (String, mpsc::UnboundedReceiver<Reason>)
where
    F: Future<Output = h2::SendStream<bytes::Bytes>> + Send + 'static,
{
    let (tell, resets) = mpsc::unbounded_channel();
    let target = serve(move |asked| {
        let tell = tell.clone();
        async move {
            let mut stream = begin(asked).await;
            let reset = poll_fn(|context| stream.poll_reset(context)).await;
            tell.send(reset.unwrap()).unwrap();
        }
    })
    .await;
    (target, resets)
}

fn server_streaming() -> Call {
    streaming(Kind::ServerStreaming, Streaming::iter(["go".to_owned()]))
}

/// grpc-go `TestContextDeadlineNotIgnored`.
/// grpc-dotnet `Unary_SmallDeadline_ExceededWithoutReschedule`.
#[tokio::test]
async fn a_peer_that_does_not_answer_hears_that_the_call_is_over() {
    let (tell, mut resets) = mpsc::unbounded_channel();
    let target = serve(move |mut asked: Asked| {
        let tell = tell.clone();
        async move {
            let reset = poll_fn(|context| asked.respond.poll_reset(context)).await;
            tell.send(reset.unwrap()).unwrap();
        }
    })
    .await;
    assert_late(&late(&target, unary("hi")).await, "headers");
    assert_eq!(resets.recv().await.unwrap(), Reason::CANCEL);
}

#[tokio::test]
async fn an_answer_that_stops_before_its_message_or_before_its_trailers_is_no_answer() {
    async fn head(mut asked: Asked) -> h2::SendStream<bytes::Bytes> {
        asked.head()
    }
    async fn message(mut asked: Asked) -> h2::SendStream<bytes::Bytes> {
        let mut stream = asked.head();
        stream.send_data(framed("hello"), false).unwrap();
        stream
    }
    let (target, mut resets) = told(head).await;
    assert_late(&late(&target, unary("hi")).await, "body");
    assert_eq!(resets.recv().await.unwrap(), Reason::CANCEL);
    let (target, mut resets) = told(message).await;
    assert_late(&late(&target, unary("hi")).await, "body");
    assert_eq!(resets.recv().await.unwrap(), Reason::CANCEL);
}

/// C-core `deadline_exceeded_server_streaming`.
#[tokio::test]
async fn a_stream_that_stops_between_two_messages_ends_with_the_call() {
    async fn message(mut asked: Asked) -> h2::SendStream<bytes::Bytes> {
        let mut stream = asked.head();
        stream.send_data(framed("hello"), false).unwrap();
        stream
    }
    let (target, mut resets) = told(message).await;
    let reply = send(&channel(&target), server_streaming(), SHORT).await;
    let mut answer = texts(reply.unwrap());
    assert_eq!(answer.message().await.unwrap().unwrap(), "hello");
    assert_late(&answer.message().await.unwrap_err(), "body");
    assert_eq!(resets.recv().await.unwrap(), Reason::CANCEL);
}

/// grpc-dotnet `AsyncClientStreamingCall_DeadlineDuringSend_ResponseThrowsDeadlineExceededStatus`, `AsyncClientStreamingCall_DeadlineDuringWrite_ResponseThrowsDeadlineExceededStatus`.
#[tokio::test]
async fn an_upload_that_the_peer_does_not_take_ends_with_the_call() {
    let mut narrow = h2::server::Builder::new();
    narrow.initial_window_size(16);
    let (tell, mut told) = mpsc::unbounded_channel();
    let target = serve_with(narrow, move |mut asked: Asked| {
        let tell = tell.clone();
        async move {
            // Takes the call, and nothing of what it says.
            let reset = poll_fn(|context| asked.respond.poll_reset(context)).await;
            tell.send(reset.unwrap()).unwrap();
        }
    })
    .await;
    let endless = stream::repeat_with(|| Ok("x".repeat(1_000)));
    let call = streaming(Kind::ClientStreaming, Streaming::new(endless));
    assert_late(&late(&target, call).await, "headers");
    assert_eq!(told.recv().await.unwrap(), Reason::CANCEL);
    let long = unary(&"x".repeat(1_000));
    assert_late(&late(&target, long).await, "headers");
    assert_eq!(told.recv().await.unwrap(), Reason::CANCEL);
}

/// grpc-dotnet `AsyncClientStreamingCall_DeadlineBeforeWrite_ResponseThrowsDeadlineExceededStatus`.
#[tokio::test]
async fn an_upload_and_a_talk_that_are_silent_end_and_their_senders_hear_of_it() {
    let target = serve(async |mut asked: Asked| {
        let _stream = asked.head();
        pending().await
    })
    .await;
    let channel = channel(&target);
    let (sender, messages) = fed::channel::<String>(1);
    let call = streaming(Kind::ClientStreaming, messages);
    let status = send(&channel, call, SHORT).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    sender.closed().await;
    assert!(sender.send("too late".to_owned()).await.is_err());

    let (sender, messages) = fed::channel::<String>(1);
    let call = streaming(Kind::BidiStreaming, messages);
    let mut answer = texts(send(&channel, call, SHORT).await.unwrap());
    assert_late(&answer.message().await.unwrap_err(), "body");
    sender.closed().await;
}

#[tokio::test]
async fn an_upload_that_is_over_waits_for_its_answer_no_longer_than_its_deadline() {
    let target = serve(async |mut asked: Asked| {
        while asked.data().await.is_some() {}
        pending().await
    })
    .await;
    let call = streaming(Kind::ClientStreaming, Streaming::iter(["all".to_owned()]));
    assert_late(&late(&target, call).await, "headers");
}

/// C-core `deadline_exceeded`.
#[tokio::test]
async fn a_call_that_waits_for_a_connection_or_for_its_turn_on_one_ends_there() {
    let silent = listen(|stream| async move {
        let _silent = stream;
        pending().await
    })
    .await;
    let answer = send(&channel(&silent), unary("hi"), SHORT).await;
    assert_late(&answer.unwrap_err(), "connect");

    let mut one_at_a_time = h2::server::Builder::new();
    one_at_a_time.max_concurrent_streams(1);
    let target = serve_with(one_at_a_time, async |mut asked: Asked| {
        if asked.data().await.unwrap().unwrap() == framed("hi") {
            return asked.answer("ok");
        }
        pending().await
    })
    .await;
    let channel = Channel::builder(target).max_connections(1).lazy().unwrap();
    let long = Duration::from_secs(9);
    // From now on it is known how many streams the peer allows.
    assert!(send(&channel, unary("hi"), long).await.is_ok());
    tokio::select! {
        biased;
        _ = send(&channel, unary("stay"), long) => panic!("nobody answers"),
        // It stands in the line of the one connection that there may be, and waits for its answer like any other.
        status = send(&channel, unary("hi"), SHORT) => {
            assert_late(&status.unwrap_err(), "headers");
        }
    }
}

#[tokio::test]
async fn a_peer_that_goes_on_after_the_end_of_a_call_harms_no_other() {
    let target = serve(async |mut asked: Asked| {
        let data = asked.data().await.unwrap().unwrap();
        let mut stream = asked.head();
        if data == framed("hi") {
            stream.send_data(framed("hello"), false).unwrap();
            return stream.send_trailers(trailers("0")).unwrap();
        }
        // Deaf to what the client says.
        while stream.send_data(framed("and on"), false).is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let channel = channel(&target);
    let mut endless = texts(send(&channel, server_streaming(), SHORT).await.unwrap());
    let status = loop {
        match endless.message().await {
            Ok(message) => assert_eq!(message.unwrap(), "and on"),
            Err(status) => break status,
        }
    };
    assert_late(&status, "body");
    let answer = send(&channel, unary("hi"), Duration::from_secs(9)).await;
    assert!(answer.is_ok());
}

/// grpc-dotnet `AsyncUnaryCall_ServerResetsCancelCodeBeforeDeadline_CancelStatus`.
#[tokio::test]
async fn a_reset_before_the_deadline_is_the_peers() {
    let target = serve(async |mut asked: Asked| {
        asked.respond.send_reset(Reason::CANCEL);
    })
    .await;
    let channel = channel(&target);
    let answer = send(&channel, unary("hi"), Duration::from_secs(9)).await;
    assert_eq!(answer.unwrap_err().code(), Code::Cancelled);
}

/// grpc-java `noDeadlineShouldBePropagatedToStream`, `callOptionsDeadlineShouldBePropagatedToStream`.
/// grpc-dotnet `AsyncUnaryCall_SetMaxValueDeadline_RequestMessageHasNoDeadlineHeader`, `AsyncUnaryCall_SendDeadlineHeaderAndDeadlineValue_DeadlineValueIsUsed`.
#[tokio::test]
async fn the_head_says_what_is_left_and_nothing_if_there_is_no_end() {
    let target = serve(async |mut asked: Asked| {
        let said = asked.request.headers().get("grpc-timeout");
        let said = said.map_or("never", |value| value.to_str().unwrap());
        let said = said.to_owned();
        asked.answer(&said);
    })
    .await;
    let channel = channel(&target);
    let said = async |timeout, forged: Option<&'static str>| {
        let mut call = unary("hi");
        call.timeout = timeout;
        if let Some(forged) = forged {
            call.metadata
                .insert("grpc-timeout", forged.parse().unwrap());
        }
        let reply = channel.stack(&SERVICE).invoke(call).await.unwrap();
        let (message, _) = reply.body.one().await.unwrap();
        message.decode::<String>().unwrap()
    };
    assert_eq!(said(None, None).await, "never");
    assert_eq!(said(Some(Duration::MAX), None).await, "never");
    assert_eq!(said(None, Some("1S")).await, "never");
    let left = said(Some(Duration::from_secs(9)), Some("1D")).await;
    let micros: u64 = left.strip_suffix('u').unwrap().parse().unwrap();
    assert!((8_000_000..9_000_000).contains(&micros), "{left}");
}

/// grpc-java `deadlineExceededBeforeCallStarted`.
/// grpc-go `TestNegativeRPCTimeout`.
/// C-core `deadlineInPast`.
#[tokio::test]
async fn a_call_without_any_time_does_not_even_connect() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let target = listen(move |stream| {
        count.fetch_add(1, Relaxed);
        async move {
            let _silent = stream;
            pending().await
        }
    })
    .await;
    let channel = channel(&target);
    let answer = send(&channel, unary("hi"), Duration::ZERO).await;
    assert_late(&answer.unwrap_err(), "queue");
    // The next one comes first.
    let answer = send(&channel, unary("hi"), SHORT).await;
    assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(seen.load(Relaxed), 1);
}
