//! Unary calls: one message, kept by its reference count.

use super::*;
use crate::{
    call::{Limit, Mark},
    context::Context,
    layer::attempt::Attempt,
};

/// grpc-java `retry_everythingDrained`, `addPrevRetryAttemptsToRespHeaders`, `updateHeaders`, `statsRecorded`.
/// grpc-go `TestRetryUnary`.
/// C-core `retry`, `retry_send_initial_metadata_refs`.
/// grpc-dotnet `AsyncUnaryCall_SuccessAfterRetry_RequestContentSent`, `AsyncUnaryCall_SuccessAfterRetry_AccessResponseHeaders_SuccessfullyResponseHeadersReturned`.
/// grpc-node `Should succeed with few required attempts`.
/// Seen in tonic #733.
#[tokio::test(start_paused = true)]
async fn a_call_that_fails_twice_is_sent_a_third_time_and_says_which_attempt_it_is() {
    let script = Script::new([unavailable(), unavailable()]);
    let stack = retrying(Arc::clone(&script), retried());
    let mut call = say(retried(), "hi");
    call.metadata.insert("trace", "abc".parse().unwrap());
    let reply = stack.invoke(call).await.unwrap();
    let previous: Vec<_> = script.seen().iter().map(|seen| seen.previous).collect();
    assert_eq!(previous, [0, 1, 2]);
    assert!(script.seen().iter().all(|seen| seen.said == "hi"));
    let mirrored = reply.metadata.get(headers::PREVIOUS_ATTEMPTS.as_str());
    assert_eq!(mirrored.unwrap(), "2");
    let times = script.times();
    assert!((800..=1_201).contains(&times[1]), "{times:?}");
    assert!(
        (1_600..=2_402).contains(&(times[2] - times[1])),
        "{times:?}"
    );
    assert_eq!(stack.counts.retries.sum(), 2);
    let waited = Duration::from_nanos(stack.counts.retry_delay.sum()).as_millis();
    assert!(times[2].abs_diff(waited) <= 3, "{waited} of {times:?}");
}

/// grpc-java `notAdd0PrevRetryAttemptsToRespHeaders`.
/// grpc-dotnet `AsyncUnaryCall_Success_RequestContentSent`.
#[tokio::test(start_paused = true)]
async fn a_call_that_needs_no_retry_says_nothing_of_attempts() {
    let script = Script::new([]);
    let stack = retrying(Arc::clone(&script), retried());
    let reply = stack.invoke(say(retried(), "hi")).await.unwrap();
    assert!(reply.metadata.is_empty());
    assert_eq!(script.seen().len(), 1);
}

/// grpc-dotnet `Unary_ExceedRetryAttempts_Failure`, `AsyncUnaryCall_ExceedRetryAttempts_Failure`.
/// grpc-node `Should fail with many required attempts`.
#[tokio::test(start_paused = true)]
async fn after_the_last_attempt_its_own_status_is_returned() {
    let fail = |number| Act::Fail(Status::unavailable(format!("failure {number}")));
    let script = Script::new((1..=9).map(fail));
    let stack = retrying(Arc::clone(&script), retried());
    let status = stack.invoke(say(retried(), "hi")).await.unwrap_err();
    assert_eq!(status.message(), "failure 5");
    assert_eq!(script.seen().len(), 5);
    assert_eq!(stack.counts.exhausted.sum(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_says_how_many_attempts_came_before_its_own_whatever_its_code_and_whoever_refused_it()
 {
    let exists = || Act::Fail(Status::already_exists("twice"));
    let refused = || Act::Fail(Mark::Refused.on(Status::unavailable("here")));
    let unseen = || Act::Fail(Mark::Unprocessed.on(Status::unavailable("unseen")));
    let stories = [
        (vec![exists()], None),
        (vec![refused()], None),
        (vec![unseen(), exists()], None),
        (vec![unavailable(), exists()], Some("1")),
        (vec![unavailable(), unavailable(), refused()], Some("2")),
        (vec![unavailable(), unseen(), exists()], Some("2")),
    ];
    for (acts, expected) in stories {
        let stack = retrying(Script::new(acts), retried());
        let status = stack.invoke(say(retried(), "hi")).await.unwrap_err();
        let said = status.metadata().get(headers::PREVIOUS_ATTEMPTS.as_str());
        assert_eq!(
            said.map(|said| said.to_str().unwrap()),
            expected,
            "{status}"
        );
    }
}

/// grpc-go `TestNoRetry`.
/// C-core `retry_disabled`.
/// grpc-node `Should fail if the server fails the first request`.
#[tokio::test(start_paused = true)]
async fn a_method_without_a_policy_is_sent_once() {
    let script = Script::new([unavailable()]);
    let service = service(Idempotency::NoSideEffects, Policies::UNSET);
    let stack = retrying(Arc::clone(&script), service);
    stack.invoke(say(service, "hi")).await.unwrap_err();
    assert_eq!(script.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_chooses_the_wait() {
    let script = Script::new([pushing_back("7")]);
    let stack = retrying(Arc::clone(&script), retried());
    stack.invoke(say(retried(), "hi")).await.unwrap();
    assert_eq!(script.times(), [0, 7]);
    let script = Script::new([pushing_back("-1")]);
    let stack = retrying(Arc::clone(&script), retried());
    let status = stack.invoke(say(retried(), "hi")).await.unwrap_err();
    assert_eq!(status.message(), "busy");
}

/// grpc-java `transparentRetry_onlyOnceOnRefused`.
/// grpc-go `TestTransparentRetry`.
#[tokio::test(start_paused = true)]
async fn what_no_application_saw_is_sent_once_more_and_only_once() {
    let unseen = || Act::Fail(Mark::Unprocessed.on(Status::unavailable("refused stream")));
    let service = service(Idempotency::Unknown, Policies::UNSET);
    for (refusals, is_answered) in [(1, true), (2, false)] {
        let script = Script::new((0..refusals).map(|_| unseen()));
        let stack = retrying(Arc::clone(&script), service);
        let answer = stack.invoke(say(service, "hi")).await;
        assert_eq!(answer.is_ok(), is_answered);
        assert_eq!(stack.counts.transparent.sum(), 1);
        let previous: Vec<_> = script.seen().iter().map(|seen| seen.previous).collect();
        assert_eq!(previous, [0, 0], "it is no attempt of its own");
    }
}

/// grpc-go `TestRetryThrottling`.
/// grpc-dotnet `Unary_TriggerRetryThrottling_Failure`.
#[tokio::test(start_paused = true)]
async fn a_target_that_fails_too_much_is_not_asked_twice_until_it_does_better() {
    let script = Script::new((0..9).map(|_| unavailable()));
    let stack = retrying(Arc::clone(&script), retried());
    // Nine failures in all: the fifth leaves half of the tokens, and every later call is sent once.
    for (attempts, throttled) in [(5, 0), (6, 1), (7, 2), (8, 3), (9, 4)] {
        stack.invoke(say(retried(), "hi")).await.unwrap_err();
        assert_eq!(script.seen().len(), attempts);
        assert_eq!(stack.counts.throttled.sum(), throttled);
    }
    // One token is left; sixty successes give back six.
    for _ in 0..60 {
        stack.invoke(say(retried(), "hi")).await.unwrap();
    }
    script.acts.lock().unwrap().push_back(unavailable());
    stack.invoke(say(retried(), "hi")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn services_of_one_channel_share_its_throttle() {
    let target = Arc::default();
    let script = Script::new((0..6).map(|_| unavailable()));
    let one = retrying_to(Arc::clone(&script), retried(), &target);
    let other = retrying_to(Arc::clone(&script), retried(), &target);
    one.invoke(say(retried(), "hi")).await.unwrap_err();
    other.invoke(say(retried(), "hi")).await.unwrap_err();
    assert_eq!((script.seen().len(), other.counts.throttled.sum()), (6, 1));
}

/// grpc-dotnet `AsyncUnaryCall_FailureWithLongDelay_Dispose_CallImmediatelyDisposed`, `AsyncUnaryCall_CancellationDuringBackoff_CanceledStatus`, `AsyncUnaryCall_CallDisposeDuringBackoff_CanceledStatus`.
/// grpc-java `retry_cancelWhileBackoff`, `cancel_closed`, `retry_cancel_closed`.
/// C-core `retry_cancel_during_delay`.
#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_in_the_wait_is_not_sent_again() {
    let script = Script::new([pushing_back("60000")]);
    let stack = retrying(Arc::clone(&script), retried());
    let call = stack.invoke(say(retried(), "hi"));
    let gone = tokio::time::timeout(Duration::from_secs(1), call).await;
    assert!(gone.is_err());
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(script.seen().len(), 1);
}

/// Seen in grpc-go (sleeps past the deadline).
#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_returns_what_there_is_at_once() {
    let script = Script::new([pushing_back("60000")]);
    let stack = retrying(Arc::clone(&script), retried());
    let started = clock::now();
    let mut call = say(retried(), "hi");
    call.deadline = Deadline::after(started, Duration::from_secs(30), Limit::Call);
    let status = stack.invoke(call).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unavailable, "busy")
    );
    assert_eq!(clock::now(), started);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_handles_a_repeated_call_does_not_repeat_its_own() {
    let script = Script::new([unavailable()]);
    let stack = retrying(Arc::clone(&script), retried());
    let mut context = Context::current();
    context.previous_attempts = 1;
    let call = stack.invoke(say(retried(), "hi"));
    context.scope(call).await.unwrap_err();
    assert_eq!(script.seen().len(), 1);
    // What is not a part of the repeated call is free again.
    script.acts.lock().unwrap().push_back(unavailable());
    let mut context = Context::current();
    context.previous_attempts = 1;
    let call = crate::context::detach(stack.invoke(say(retried(), "hi")));
    context.scope(call).await.unwrap();
}

/// C-core `retry_per_attempt_recv_timeout`, `retry_per_attempt_recv_timeout_on_last_attempt`.
/// Seen in grpc-java #12919.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_not_answered_in_its_time_is_followed_by_another_one() {
    let mut policies = retried().methods[0].policies;
    let retry = policies.retry.as_mut().unwrap();
    retry.max_attempts = Some(3);
    retry.per_attempt_recv_timeout = Some(Duration::from_millis(400));
    let service = service(Idempotency::Idempotent, policies);
    for (hanging, is_answered) in [(2, true), (3, false)] {
        let script = Script::new((0..hanging).map(|_| Act::Hang));
        let stack = retrying(Attempt::new(Arc::clone(&script)), service);
        let answer = stack.invoke(say(service, "hi")).await;
        assert_eq!(script.seen().len(), 3);
        match answer {
            Ok(_) => assert!(is_answered),
            Err(status) => assert_eq!(Mark::of(&status), Some(Mark::Unanswered)),
        }
    }
}

/// grpc-java `unretriableClosed_cancel`, `retry_unretriableClosed_cancel`.
#[tokio::test(start_paused = true)]
async fn a_code_that_is_not_named_ends_the_call_at_once_even_after_a_retry() {
    for retried_before in [0, 1] {
        let fatal = Act::Fail(Status::failed_precondition("not now"));
        let acts = (0..retried_before).map(|_| unavailable());
        let script = Script::new(acts.chain([fatal]));
        let stack = retrying(Arc::clone(&script), retried());
        let status = stack.invoke(say(retried(), "hi")).await.unwrap_err();
        assert_eq!(status.message(), "not now");
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(script.seen().len(), retried_before + 1);
    }
}

/// grpc-java `cancelWhileRetryStart`, `transparentRetry_cancel_race`.
/// C-core `retry_cancel_after_first_attempt_starts`, `retry_unref_before_finish`, `retry_unref_before_recv`.
/// grpc-dotnet `Unary_CanceledBeforeServerCall_Failure`.
#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_ends_the_attempt_under_way_whatever_it_would_have_come_to() {
    let unseen = || Mark::Unprocessed.on(Status::unavailable("refused"));
    for acts in [
        vec![Act::Late(500, Status::unavailable("sick"))],
        vec![Act::Late(500, unseen())],
        vec![Act::Fail(unseen()), Act::Hang],
        vec![pushing_back("10"), Act::Hang],
    ] {
        let script = Script::new(acts);
        let stack = retrying(Arc::clone(&script), retried());
        // A call that is never awaited is never sent.
        drop(stack.invoke(say(retried(), "hi")));
        assert!(script.seen().is_empty());
        let call = stack.invoke(say(retried(), "hi"));
        let gone = tokio::time::timeout(Duration::from_millis(300), call).await;
        assert!(gone.is_err());
        let sent = script.seen().len();
        assert_eq!(script.dropped.lock().unwrap().len(), 1);
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(script.seen().len(), sent);
    }
}
