//! Where a call was when its time was up, and what came after.

use super::*;

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn lasting(timeout: Duration) -> Call {
    Call {
        method: &ECHO.methods[1],
        timeout: Some(timeout),
        ..say(&ECHO, "")
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_a_call_waits_for_is_named() {
    for phase in [
        Phase::Queue,
        Phase::Connect,
        Phase::Backoff,
        Phase::Send,
        Phase::Headers,
        Phase::Body,
        Phase::Handler,
    ] {
        let stack = calling(Handler(move |_| during(phase, pending())));
        let call = lasting(Duration::from_millis(10));
        let status = stack.invoke(call).await.unwrap_err();
        let expected = format!("deadline exceeded after 10.0ms in phase {phase}; limit: call");
        assert_eq!(status.message(), expected);
    }
}

/// grpc-java `deadlineExceededWhileCallIsStartedButStillPending`.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_in_two_places_is_ended_in_the_second_and_has_one_timer_for_both() {
    let stack = calling(Handler(|_| async {
        let connecting = tokio::time::sleep(Duration::from_millis(6));
        during(Phase::Connect, connecting).await;
        during(Phase::Headers, pending()).await
    }));
    let started = clock::now();
    let status = stack.invoke(lasting(Duration::from_millis(10))).await;
    let status = status.unwrap_err();
    assert_eq!(clock::now() - started, Duration::from_millis(10));
    assert!(status.message().contains("phase headers"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_nanosecond_is_a_deadline_and_not_the_lack_of_one() {
    let stack = calling(Handler(never));
    let started = clock::now();
    let status = stack.invoke(lasting(Duration::from_nanos(1))).await;
    assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
    // Timers tick in milliseconds.
    assert!(clock::now() - started <= Duration::from_millis(1));
    assert_eq!(stack.counts.expired_on_arrival.sum(), 0);
}

/// grpc-dotnet `AsyncClientStreamingCall_DeadlineLargerThanMaxTimerDueTime_DeadlineExceeded`.
#[tokio::test(start_paused = true)]
async fn a_timer_that_runs_for_longer_than_32_bits_of_milliseconds_is_exact() {
    for days in [49, 50, 100, 400] {
        let stack = calling(Handler(never));
        let started = clock::now();
        let status = stack.invoke(lasting(DAY * days)).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(clock::now() - started, DAY * days);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_ends_what_it_jumped_over_and_says_how_long_it_was() {
    let stack = Arc::new(calling(Handler(never)));
    let call = Arc::clone(&stack);
    let asleep = tokio::spawn(async move { call.invoke(lasting(Duration::from_secs(1))).await });
    tokio::task::yield_now().await;
    // The machine slept for a night.
    tokio::time::advance(Duration::from_secs(8 * 3_600)).await;
    let status = asleep.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("after 28800.0s"), "{status}");
    // What starts after it has all of its time.
    let started = clock::now();
    let next = stack.invoke(lasting(Duration::from_secs(1))).await;
    next.unwrap_err();
    assert_eq!(clock::now() - started, Duration::from_secs(1));
}

/// grpc-dotnet `UnaryMethodErrorWithinDeadline`, `UnaryMethodErrorAfterExceedDeadline`, `UnaryMethodDeadlineExceeded`.
#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_in_time_keeps_its_status_and_one_that_fails_too_late_has_none() {
    for (millis, code) in [
        (10, Code::DataLoss),
        (200, Code::DataLoss),
        (201, Code::DeadlineExceeded),
    ] {
        let stack = serving(Handler(move |_| async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            Err(Status::data_loss("disk on fire"))
        }));
        let mut call = say(&ECHO, "");
        call.deadline = Deadline::after(clock::now(), Duration::from_millis(200), Limit::Call);
        let status = stack.invoke(call).await.unwrap_err();
        assert_eq!(status.code(), code, "after {millis} ms");
    }
}

/// grpc-dotnet `AsyncUnaryCall_ServerResetsCancelCodeBeforeDeadline_CancelStatus`.
#[tokio::test(start_paused = true)]
async fn a_peer_that_cuts_the_call_before_the_deadline_did_cancel_it() {
    let stack = calling(Handler(|_| async {
        tokio::time::sleep(Duration::from_millis(999)).await;
        Err(Status::cancelled("reset by the peer"))
    }));
    let status = stack.invoke(lasting(Duration::from_secs(1))).await;
    assert_eq!(status.unwrap_err().code(), Code::Cancelled);
}

/// C-core `deadline_exceeded`.
#[tokio::test(start_paused = true)]
async fn only_what_may_be_the_deadlines_doing_is_taken_for_it() {
    for (said, heard) in [
        (Code::Cancelled, Code::DeadlineExceeded),
        (Code::Unavailable, Code::DeadlineExceeded),
        (Code::DeadlineExceeded, Code::DeadlineExceeded),
        (Code::NotFound, Code::NotFound),
        (Code::Internal, Code::Internal),
    ] {
        let stack = calling(Handler(move |_| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Err(Status::new(said, ""))
        }));
        let status = stack.invoke(lasting(Duration::from_secs(1))).await;
        assert_eq!(status.unwrap_err().code(), heard);
    }
}

/// C-core `deadline_not_exceeded`.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_answered_in_time_knows_nothing_of_its_deadline() {
    let stack = calling(Handler(echo));
    let reply = stack.invoke(lasting(Duration::from_secs(10))).await;
    assert!(reply.is_ok());
    assert_eq!(stack.counts.bounded.sum(), 1);
    assert_eq!(stack.counts.expired.sum(), 0);
    // Nor does what it was answered with, long after.
    tokio::time::sleep(Duration::from_secs(20)).await;
    let (message, _) = reply.unwrap().body.one().await.unwrap();
    assert_eq!(message.decode::<String>().unwrap(), "");
}
