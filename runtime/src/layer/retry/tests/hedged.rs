//! Calls that are sent several times at once.

use tonic::Code;

use super::*;
use crate::{
    Streaming,
    call::{Body, CodeSet, Frame, HedgingPolicy, Limit, Mark, Room},
    context::Context,
    fixture::Handler,
    policy::retry::{Throttle, ThrottleConfig},
};

/// Six attempts, a hundred milliseconds apart; UNAVAILABLE is not fatal.
fn hedged_as(change: impl FnOnce(&mut HedgingPolicy)) -> &'static Service {
    let mut hedging = HedgingPolicy {
        max_attempts: Some(6),
        hedging_delay: Some(Duration::from_millis(100)),
        non_fatal_status_codes: Some(CodeSet::of(&[Code::Unavailable])),
        ..HedgingPolicy::UNSET
    };
    change(&mut hedging);
    let policies = Policies {
        hedging: Some(hedging),
        ..Policies::UNSET
    };
    service(Idempotency::Idempotent, policies)
}

fn hedged() -> &'static Service {
    hedged_as(|_| {})
}

/// A target with a cap that allows six attempts, and so many tokens.
fn target(max_tokens: u32) -> Arc<Target> {
    let throttle = Throttle::new(&ThrottleConfig {
        max_tokens,
        ..ThrottleConfig::default()
    });
    Arc::new(Target {
        throttle,
        attempts_cap: 6,
        ..Target::default()
    })
}

/// What a hedged call comes to, and the far end that saw it.
async fn run(acts: impl IntoIterator<Item = Act>) -> (Result<Reply, Status>, Arc<Script>) {
    let script = Script::new(acts);
    let stack = retrying_to(Arc::clone(&script), hedged(), &target(100));
    let answer = stack.invoke(say(hedged(), "hi")).await;
    (answer, script)
}

fn late(millis: u64) -> Act {
    Act::Late(millis, Status::unavailable(format!("sick after {millis}")))
}

/// grpc-java `hedging_everythingDrained_oneHedgeReceivesNonFatal_oneHedgeReceivesFatalStatus`.
/// grpc-dotnet `AsyncUnaryCall_FatalStatusCode_HedgeDelay_Failure`, `ActiveCalls_FatalStatusCode_CleansUpActiveCalls`.
/// Seen in grpc-java (a failure does not shorten the wait for the next copy).
#[tokio::test(start_paused = true)]
async fn a_non_fatal_failure_sends_the_next_copy_at_once_and_a_fatal_one_ends_all() {
    let fatal = Act::Late(270, Status::internal("broken"));
    let (answer, script) = run([Act::Hang, late(50), fatal, Act::Hang, Act::Hang]).await;
    let status = answer.unwrap_err();
    assert_eq!(status.message(), "broken");
    let others = status.metadata().get(headers::PREVIOUS_ATTEMPTS.as_str());
    assert_eq!(others.unwrap(), "4", "any of them may have run");
    // The second fails at 150; so the third comes then and not at 200, and the delays go on from there.
    assert_eq!(script.times(), [0, 100, 150, 250, 350]);
    let previous: Vec<_> = script.seen().iter().map(|seen| seen.previous).collect();
    assert_eq!(previous, [0, 1, 2, 3, 4]);
    let dropped = script.dropped.lock().unwrap();
    assert_eq!(dropped.len(), 3);
    assert!(dropped.iter().all(|(_, told)| *told), "{dropped:?}");
}

/// grpc-java `hedging_maxAttempts`.
/// grpc-dotnet `AsyncUnaryCall_ExceedAttempts_Failure`, `Unary_ExceedAttempts_Failure`.
/// grpc-node `Should fail with many required attempts`.
/// Seen in grpc-go #2823.
#[tokio::test(start_paused = true)]
async fn there_are_as_many_attempts_as_declared_and_the_last_failure_is_returned() {
    let (answer, script) = run((0..9).map(|_| late(450))).await;
    assert_eq!(answer.unwrap_err().message(), "sick after 450");
    // All six are sent by the clock but the last, which the first failure sends for.
    assert_eq!(script.times(), [0, 100, 200, 300, 400, 450]);
}

/// grpc-node `Should not be able to make more than 5 attempts`.
/// grpc-dotnet `Unary_AttemptsGreaterThanDefaultClientLimit_LimitedAttemptsMade`.
#[tokio::test(start_paused = true)]
async fn the_channels_cap_holds_for_copies_too() {
    let script = Script::new((0..9).map(|_| late(900)));
    let stack = retrying(Arc::clone(&script), hedged());
    stack.invoke(say(hedged(), "hi")).await.unwrap_err();
    assert_eq!(script.seen().len(), 5);
}

/// grpc-java `hedging_receiveHeaders`, `commitAndCancelWhileDraining`.
#[tokio::test(start_paused = true)]
async fn the_first_head_of_an_answer_wins_and_the_others_are_told_that_they_lost() {
    let (answer, script) = run([Act::Answer(900), Act::Begin(50, 2_000), Act::Answer(300)]).await;
    let mirrored = answer.unwrap().metadata;
    assert_eq!(
        mirrored.get(headers::PREVIOUS_ATTEMPTS.as_str()).unwrap(),
        "1"
    );
    assert_eq!(
        script.times(),
        [0, 100],
        "no copy is sent after a head came"
    );
    assert_eq!(*script.dropped.lock().unwrap(), [(0, true)]);
    assert_eq!(clock::now() - script.started, Duration::from_millis(2_150));
}

#[tokio::test(start_paused = true)]
async fn what_fails_after_its_head_came_is_the_outcome() {
    let begun = Mark::Begun.on(Status::unavailable("cut"));
    let (answer, script) = run([Act::Late(50, begun)]).await;
    let status = answer.unwrap_err();
    assert_eq!(status.message(), "cut");
    assert!(status.metadata().is_empty(), "there was no other attempt");
    assert_eq!(script.times(), [0]);
}

/// grpc-dotnet `AsyncUnaryCall_OneAttempt_Success`, `AsyncUnaryCall_CancellationTokenSuccess_CleanedUp`.
/// grpc-node `Should be able to make a basic request`.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_answered_in_time_has_no_copies() {
    let (answer, script) = run([Act::Answer(99)]).await;
    assert!(answer.unwrap().metadata.is_empty());
    assert_eq!(script.times(), [0]);
    assert!(script.dropped.lock().unwrap().is_empty());
}

/// grpc-java `hedging_pushback_negative`.
/// grpc-dotnet `ResponseAsync_PushbackStop_SuccessAfterPushbackStop`.
#[tokio::test(start_paused = true)]
async fn a_server_that_wants_no_copies_gets_none_and_those_under_way_go_on() {
    let Act::Fail(no) = pushing_back("-1") else {
        unreachable!()
    };
    let (answer, script) = run([Act::Answer(900), Act::Late(20, no)]).await;
    answer.unwrap();
    assert_eq!(script.times(), [0, 100]);
}

/// grpc-java `hedging_pushback_positive`.
/// grpc-dotnet `AsyncUnaryCall_PushbackDelay_PushbackDelayUpdatesNextCallDelay`, `AsyncUnaryCall_ExceedAttempts_PusbackDelay_Failure`, `AsyncUnaryCall_ExceedAttempts_NoPusbackDelay_Failure`.
/// Seen in grpc-java #10145 #10293.
#[tokio::test(start_paused = true)]
async fn a_server_says_when_the_next_copy_may_come() {
    let busy = |millis, text| match pushing_back(text) {
        Act::Fail(status) => Act::Late(millis, status),
        _ => unreachable!(),
    };
    let fatal = Act::Late(40, Status::internal("broken"));
    let acts = [busy(110, "101"), busy(120, "99"), Act::Hang, fatal];
    let (answer, script) = run(acts).await;
    answer.unwrap_err();
    // The first fails at 110 and asks for 211; the second at 220 and asks for 319.
    assert_eq!(script.times(), [0, 100, 211, 319]);
}

/// grpc-java `hedging_cancelled`.
/// grpc-dotnet `Dispose_ActiveCalls_CleansUpActiveCalls`, `AsyncUnaryCall_CancellationDuringBackoff_CanceledStatus`, `AsyncUnaryCall_DisposeDuringBackoff_CanceledStatus`, `Unary_DeadlineExceedAfterServerCall_Failure`.
#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_ends_all_attempts_and_none_of_them_lost() {
    let script = Script::new([Act::Hang, Act::Hang, Act::Hang]);
    let stack = retrying(Arc::clone(&script), hedged());
    let call = stack.invoke(say(hedged(), "hi"));
    let gone = tokio::time::timeout(Duration::from_millis(150), call).await;
    assert!(gone.is_err());
    assert_eq!(*script.dropped.lock().unwrap(), [(0, false), (1, false)]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(script.seen().len(), 2);
}

/// An upload that every attempt reads to its end; the first to do so fails or hangs, as the test says.
fn uploads(slow: u32) -> impl Invoke {
    Handler(move |call: Call| async move {
        let previous = call.attempt.previous;
        let mut frames = call.body.into_frames();
        let mut all = Vec::new();
        while let Some(frame) = frames.frame().await {
            let Frame::Message(message) = frame? else {
                continue;
            };
            all.push(message.decode::<String>()?);
            if previous < slow {
                waiting(Phase::Send, 70).await;
            }
        }
        let answer = Streaming::iter(all).into_frames();
        Ok(Reply::new(Body::Many(answer)))
    })
}

fn upload(count: usize) -> Call {
    let texts = (0..count).map(|number| number.to_string());
    let messages = Streaming::iter(texts.collect::<Vec<_>>());
    Call::new(&hedged().methods[0], Body::Many(messages.into_frames()))
}

/// grpc-dotnet `AsyncClientStreamingCall_SuccessAfterRetry_RequestContentSent`, `AsyncClientStreamingCall_ManyParallelCalls_ReadDirectlyToRequestStream`, `Duplex_ManyParallelRequests_MessageRoundTripped`.
#[tokio::test(start_paused = true)]
async fn every_copy_of_an_upload_sends_all_of_it() {
    let stack = retrying_to(uploads(2), hedged(), &target(100));
    let reply = stack.invoke(upload(9)).await.unwrap();
    let mirrored = reply.metadata.get(headers::PREVIOUS_ATTEMPTS.as_str());
    assert_eq!(mirrored.unwrap(), "2");
    let mut frames = reply.body.into_frames();
    let mut count = 0;
    while let Some(Ok(Frame::Message(_))) = frames.frame().await {
        count += 1;
    }
    assert_eq!(count, 9);
}

/// grpc-java `hedging_perRpcBufferLimitExceeded`, `hedging_channelBufferLimitExceeded`.
/// grpc-dotnet `ClientStreaming_WriteLargeMessageCausingCommit_Success`, `Unary_LargeMessages_ExceedPerCallBufferSize`.
#[tokio::test(start_paused = true)]
async fn when_there_is_no_more_room_the_attempt_that_is_ahead_gets_the_call() {
    for room in [Room::new(4 * 6, 1_000), Room::new(1_000, 4 * 6)] {
        overflowing(Arc::new(room)).await;
    }
}

async fn overflowing(room: Arc<Room>) {
    let target = Arc::new(Target {
        room,
        ..Target::default()
    });
    // The first two read one message in 70 ms; the third, at 200, catches up at once and goes on.
    let stack = retrying_to(uploads(2), hedged(), &target);
    let started = clock::now();
    let reply = stack.invoke(upload(9)).await.unwrap();
    let mirrored = reply.metadata.get(headers::PREVIOUS_ATTEMPTS.as_str());
    assert_eq!(mirrored.unwrap(), "2");
    assert_eq!((clock::now() - started).as_millis(), 200);
    // The first one alone reads as far as there is room before anyone else begins.
    let slow = hedged_as(|hedging| hedging.hedging_delay = Some(Duration::from_secs(9)));
    let stack = retrying_to(uploads(9), slow, &target);
    let reply = stack.invoke(upload(9)).await.unwrap();
    assert!(reply.metadata.is_empty());
    assert_eq!(stack.counts.hedges.sum(), 0);
    assert_eq!(target.room.held(), 0);
}

/// grpc-java `hedging_transparentRetry`, `hedging_transparentRetryNotAllowed`.
#[tokio::test(start_paused = true)]
async fn what_no_application_saw_is_sent_once_more_under_the_same_number() {
    let refused = || Act::Late(50, Mark::Unprocessed.on(Status::unavailable("refused")));
    let (answer, script) = run([refused(), Act::Answer(500)]).await;
    answer.unwrap();
    assert_eq!(script.times()[..3], [0, 50, 100]);
    let previous: Vec<_> = script.seen().iter().map(|seen| seen.previous).collect();
    assert_eq!(previous[..3], [0, 0, 1]);

    let (answer, script) = run([refused(), refused(), Act::Answer(1)]).await;
    answer.unwrap();
    let previous: Vec<_> = script.seen().iter().map(|seen| seen.previous).collect();
    assert_eq!(
        previous,
        [0, 0, 1],
        "the second time it is a failure like others"
    );
}

/// grpc-java `hedging_throttledByOtherCall`.
/// grpc-dotnet `Unary_RetryThrottlingAlreadyActive_Failure`.
#[tokio::test(start_paused = true)]
async fn a_target_that_fails_too_much_gets_no_copies() {
    let script = Script::new([Act::Answer(900)]);
    let target = target(2);
    let stack = retrying_to(Arc::clone(&script), hedged(), &target);
    target.throttle.fail(false);
    stack.invoke(say(hedged(), "hi")).await.unwrap();
    assert_eq!(script.times(), [0]);
    assert_eq!(stack.counts.throttled.sum(), 1);
}

/// grpc-java `hedging_throttledByHedgingStreams`.
/// grpc-dotnet `Unary_TriggerRetryThrottling_Failure`.
/// Seen in grpc-java #7222 #7337.
#[tokio::test(start_paused = true)]
async fn copies_that_fail_throttle_the_next_ones_and_not_those_under_way() {
    let script = Script::new([Act::Answer(900), late(5), late(5), late(5)]);
    let stack = retrying_to(Arc::clone(&script), hedged(), &target(4));
    stack.invoke(say(hedged(), "hi")).await.unwrap();
    // The failures at 105 and 110 take two of four tokens.
    assert_eq!(script.times(), [0, 100, 105]);
}

/// grpc-dotnet `RetryThrottling_BecomesActiveDuringDelay_CancelFailure`, `Unary_RetryThrottlingBecomesActive_HasDelay_Failure`.
#[tokio::test(start_paused = true)]
async fn a_throttle_that_closes_in_a_wait_returns_the_failure_that_there_is() {
    let script = Script::new([pushing_back("1000")]);
    let target = target(4);
    let stack = retrying_to(Arc::clone(&script), hedged(), &target);
    let call = stack.invoke(say(hedged(), "hi"));
    let other = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        target.throttle.fail(false);
    };
    let (answer, ()) = tokio::join!(call, other);
    assert_eq!(answer.unwrap_err().message(), "busy");
    assert_eq!(script.times(), [0]);
}

/// grpc-dotnet `AsyncUnaryCall_ManyAttemptsNoDelay_MarshallerCalledOnce`.
#[tokio::test(start_paused = true)]
async fn without_a_delay_all_are_sent_at_once() {
    let service = hedged_as(|hedging| hedging.hedging_delay = None);
    let script = Script::new((0..6).map(|place| Act::Answer(60 - place * 10)));
    let stack = retrying_to(Arc::clone(&script), service, &target(100));
    let reply = stack.invoke(say(service, "hi")).await.unwrap();
    assert_eq!(script.times(), [0; 6]);
    let mirrored = reply.metadata.get(headers::PREVIOUS_ATTEMPTS.as_str());
    assert_eq!(mirrored.unwrap(), "5", "the last one was the fastest");
}

#[tokio::test(start_paused = true)]
async fn copies_are_held_to_a_share_of_the_calls() {
    let stack = |script: &Arc<Script>| retrying_to(Arc::clone(script), hedged(), &target(100));
    let script = Script::new((0..300).map(|_| Act::Answer(150)));
    let stack = stack(&script);
    for _ in 0..200 {
        stack.invoke(say(hedged(), "hi")).await.unwrap();
    }
    // Ten for a start, and one for every twenty calls.
    let copies = stack.counts.hedges.sum();
    assert!((18..=20).contains(&copies), "{copies}");
}

#[tokio::test(start_paused = true)]
async fn the_delay_follows_the_times_in_which_calls_are_answered() {
    let service = hedged_as(|hedging| {
        hedging.hedging_delay_percentile = Some(95.0);
        hedging.hedging_delay = Some(Duration::from_secs(5));
    });
    let script = Script::new((0..100).map(|_| Act::Answer(20)));
    let stack = retrying_to(Arc::clone(&script), service, &target(100));
    for _ in 0..100 {
        stack.invoke(say(service, "hi")).await.unwrap();
    }
    script.acts.lock().unwrap().push_back(Act::Answer(900));
    let started = clock::now();
    stack.invoke(say(service, "hi")).await.unwrap();
    let took = (clock::now() - started).as_millis();
    assert!(
        (20..=24).contains(&took),
        "a copy was sent after {took} ms and answered"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_not_waited_if_nothing_else_is_under_way() {
    let script = Script::new([pushing_back("60000")]);
    let stack = retrying(Arc::clone(&script), hedged());
    let mut call = say(hedged(), "hi");
    call.deadline = Deadline::after(clock::now(), Duration::from_secs(1), Limit::Call);
    let status = stack.invoke(call).await.unwrap_err();
    assert_eq!(status.message(), "busy");
    assert_eq!(clock::now(), script.started);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_handles_a_repeated_call_sends_no_copies_of_its_own() {
    let script = Script::new([Act::Answer(900)]);
    let stack = retrying(Arc::clone(&script), hedged());
    let mut context = Context::current();
    context.previous_attempts = 1;
    let call = stack.invoke(say(hedged(), "hi"));
    context.scope(call).await.unwrap();
    assert_eq!(script.times(), [0]);
}
