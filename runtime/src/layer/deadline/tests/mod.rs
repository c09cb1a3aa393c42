//! Deadlines of one call, on a paused clock.

mod chosen;
mod ended;
mod races;

use std::{
    future::pending,
    pin::Pin,
    sync::Arc,
    task::{Context as Waker, Poll},
    time::Duration,
};

use futures_util::stream;
use tonic::{Code, Status};

use super::*;
use crate::{
    Streaming,
    call::{
        Body, Call, Deadline, Frame, Frames, Invoke, Limit, Mark, Phase, Reply, Source, during,
    },
    clock,
    context::Context,
    fixture::{ECHO, Handler, echo, say},
    policy::plan::Plans,
};

fn calling<I>(inner: I) -> Calling<I> {
    Calling::new(inner, Arc::new(Plans::of_contract(&ECHO)), Arc::default())
}

fn serving<I>(inner: I) -> Serving<I> {
    Serving::new(inner, Arc::default())
}

async fn never(_: Call) -> Result<Reply, Status> {
    during(Phase::Connect, pending()).await
}

/// grpc-java `expiredDeadlineCancelsStream_CallOptions`.
/// grpc-dotnet `Unary_SmallDeadline_ExceededWithoutReschedule`.
/// Seen in tonic (an expired call is cancelled).
#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_ends_at_its_deadline_and_says_where_it_was() {
    let stack = calling(Handler(never));
    let started = clock::now();
    let mut call = say(&ECHO, "");
    call.timeout = Some(Duration::from_millis(300));
    let status = stack.invoke(call).await.unwrap_err();
    assert_eq!(clock::now() - started, Duration::from_millis(300));
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(
        status.message().contains("phase connect; limit: call"),
        "{status}"
    );
    assert_eq!(stack.counts.expired.sum(), 1);
}

/// grpc-java `methodInfoDeadlinePropagatedToStream`.
#[tokio::test(start_paused = true)]
async fn the_method_bounds_a_call_that_asks_for_nothing_or_for_more() {
    let stack = calling(Handler(never));
    for asked in [None, Some(Duration::from_secs(60)), Some(Duration::MAX)] {
        let started = clock::now();
        let mut call = say(&ECHO, "");
        call.timeout = asked;
        let status = stack.invoke(call).await.unwrap_err();
        assert_eq!(clock::now() - started, Duration::from_secs(2));
        assert!(status.message().ends_with("limit: method"), "{status}");
    }
}

/// grpc-java `expiredDeadlineCancelsStream_Context`, `forkingContextDoesNotCarryDeadline`.
/// Seen in tonic #2316, and in grpc #3508 #5041 #6160 #10534.
#[tokio::test(start_paused = true)]
async fn a_handler_hands_its_deadline_to_the_calls_it_makes_unless_it_detaches_them() {
    let outer = serving(Handler(|call: Call| async move {
        let inner = calling(Handler(never));
        let bound = inner.invoke(say(&ECHO, "")).await.unwrap_err();
        assert!(bound.message().ends_with("limit: inherited"), "{bound}");
        echo(call).await
    }));
    let mut call = say(&ECHO, "");
    call.deadline = Deadline::after(clock::now(), Duration::from_millis(50), Limit::Call);
    let late = outer.invoke(call).await;
    // Both ends saw the same moment pass; the inner call ended there and so did the handler.
    assert!(late.is_ok() || late.unwrap_err().code() == Code::DeadlineExceeded);

    let detached = serving(Handler(|_| async {
        let inner = calling(Handler(|call: Call| async move {
            assert_eq!(call.deadline.limit(), Limit::Method);
            echo(call).await
        }));
        crate::context::detach(inner.invoke(say(&ECHO, ""))).await
    }));
    let mut call = say(&ECHO, "");
    call.deadline = Deadline::after(clock::now(), Duration::from_millis(50), Limit::Call);
    detached.invoke(call).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_spawned_task_inherits_only_if_it_is_spawned_here() {
    let stack = serving(Handler(|call: Call| async move {
        let bounded = || async { Context::current().deadline.instant().is_some() };
        assert!(crate::context::spawn(bounded()).await.unwrap());
        assert!(!tokio::spawn(bounded()).await.unwrap());
        echo(call).await
    }));
    let mut call = say(&ECHO, "");
    call.deadline = Deadline::after(clock::now(), Duration::from_secs(1), Limit::Call);
    stack.invoke(call).await.unwrap();
}

/// grpc-java `deadlineExceededBeforeCallStarted`, `deadlineExceededBeforeCallStartedDelayed`.
/// grpc-go `TestNegativeRPCTimeout`.
/// grpc-dotnet `AsyncUnaryCall_StartPastDeadline_RequestMessageContainsMinDeadlineHeader`, which sends it nevertheless.
/// C-core `deadlineInPast`.
#[tokio::test(start_paused = true)]
async fn a_passed_deadline_starts_nothing_on_either_side() {
    async fn unreachable(_: Call) -> Result<Reply, Status> {
        panic!("the deadline had passed")
    }
    let mut late = say(&ECHO, "");
    late.deadline = Deadline::at(clock::now(), Limit::Call);
    let status = calling(Handler(unreachable))
        .invoke(late)
        .await
        .unwrap_err();
    assert_eq!(Mark::of(&status), Some(Mark::Refused));
    let mut late = say(&ECHO, "");
    late.deadline = Deadline::at(clock::now(), Limit::Call);
    let status = serving(Handler(unreachable))
        .invoke(late)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

/// C-core `deadline_exceeded_server_streaming`.
/// Seen in tonic (the timer ends with the headers).
#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_the_deadline_of_its_call() {
    struct Silent;
    impl Source for Silent {
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Waker<'_>,
        ) -> Poll<Option<Result<Frame, Status>>> {
            Poll::Pending
        }
    }
    let stack = calling(Handler(|_| async {
        Ok(Reply::new(Body::Many(Frames::new(Silent))))
    }));
    let started = clock::now();
    let mut call = say(&ECHO, "");
    call.timeout = Some(Duration::from_secs(1));
    let mut frames = stack.invoke(call).await.unwrap().body.into_frames();
    let status = frames.frame().await.unwrap().unwrap_err();
    assert_eq!(clock::now() - started, Duration::from_secs(1));
    assert!(status.message().contains("phase body"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_deadline_hands_on_its_attempts_and_its_priority_all_the_same() {
    let stack = serving(Handler(|_| async {
        let looking = stream::once(async {
            let Context {
                previous_attempts,
                priority,
                ..
            } = Context::current();
            Ok(format!("{previous_attempts} {}", priority.name()))
        });
        Ok(Reply::new(Body::Many(
            Streaming::new(looking).into_frames(),
        )))
    }));
    for (previous, priority) in [(2, "default"), (0, "batch"), (0, "default")] {
        let mut call = say(&ECHO, "");
        call.attempt.previous = previous;
        call.metadata
            .insert("x-priority", priority.parse().unwrap());
        let (message, _) = stack.invoke(call).await.unwrap().body.one().await.unwrap();
        let seen: String = message.decode().unwrap();
        assert_eq!(seen, format!("{previous} {priority}"));
    }
}

/// grpc-java `serverCancelledAndClientDeadlineExceeded`.
/// grpc-dotnet `AsyncUnaryCall_Http2ServerResetsCancelCodeAfterDeadline_DeadlineStatus`.
#[tokio::test(start_paused = true)]
async fn a_peer_that_cuts_the_call_at_the_deadline_did_not_cancel_it() {
    let stack = calling(Handler(|call: Call| async move {
        // The peer's clock ran out a moment before ours, and its reset is here with our own timer.
        let at = call.deadline.instant().unwrap();
        tokio::time::advance(at - clock::now()).await;
        Err(Status::cancelled("reset by the peer"))
    }));
    let status = stack.invoke(say(&ECHO, "")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}
