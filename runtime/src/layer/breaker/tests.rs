//! A breaker in its place: what it sees of calls, and what it makes of them.

mod probes;
mod shared;

use std::{
    future::pending,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use futures_util::FutureExt;

use super::*;
use crate::{
    call::{BreakerPolicy, BreakerScope, Deadline, Frames, Limit, Policies, Race},
    fixture::{ECHO, Handler, echo, say},
    policy::{
        breaker::{Registry, State, Verdict},
        plan::{Plan, Plans},
    },
};

fn guarding<I>(inner: I) -> Breaker<I> {
    Breaker::new(inner, Arc::new(Breakers::new(&ECHO)))
}

fn state<I>(stack: &Breaker<I>) -> State {
    stack.breakers.of(&ECHO.methods[0]).state()
}

#[tokio::test(start_paused = true)]
async fn twenty_failures_open_it_and_the_next_call_is_not_sent() {
    let stack = guarding(Handler(|_| async { Err(Status::unavailable("sick")) }));
    for _ in 0..20 {
        assert_eq!(state(&stack), State::Closed);
        stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    }
    assert_eq!(state(&stack), State::Open);
    let refused = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    assert_eq!(Mark::of(&refused), Some(Mark::Refused));
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "CIRCUIT_OPEN");
    assert!(
        refused
            .get_details_retry_info()
            .unwrap()
            .retry_delay
            .is_some()
    );
}

/// Calls a peer that hangs until the caller's time is up, `times` times.
async fn hang(stack: &impl Invoke, budget: Duration, times: usize) {
    for _ in 0..times {
        let mut call = say(&ECHO, "hi");
        call.deadline = Deadline::after(clock::now(), budget, Limit::Call);
        let hung = tokio::time::timeout(budget, stack.invoke(call)).await;
        hung.unwrap_err();
    }
}

/// The method's own timeout is two seconds.
///
/// Seen in grpc-java #13001.
/// Seen in Envoy #22395.
#[tokio::test(start_paused = true)]
async fn a_peer_that_hangs_is_sick_and_one_that_is_given_no_time_is_not() {
    let stack = guarding(Handler(|_| pending()));
    hang(&stack, Duration::from_millis(10), 100).await;
    assert_eq!(state(&stack), State::Closed);
    let patient = guarding(Handler(|_| pending()));
    for _ in 0..10 {
        tokio::join!(
            hang(&patient, Duration::from_secs(1), 1),
            hang(&patient, Duration::from_secs(1), 1)
        );
    }
    assert_eq!(state(&patient), State::Open);
}

async fn leave(stack: &impl Invoke) {
    let call = stack.invoke(say(&ECHO, "hi"));
    let left = tokio::time::timeout(Duration::from_millis(1), call).await;
    left.unwrap_err();
}

/// Answers every other call, and hangs on those between.
fn answering_every_other() -> impl Invoke {
    let turn = AtomicU32::new(0);
    Handler(move |call| {
        let hangs = turn.fetch_add(1, Relaxed).is_multiple_of(2);
        async move {
            match hangs {
                true => pending().await,
                false => echo(call).await,
            }
        }
    })
}

/// Seen in resilience4j #682.
/// Seen in grpc-java #12834.
#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_does_not_say_that_the_peer_is_sick() {
    let stack = guarding(answering_every_other());
    for _ in 0..100 {
        leave(&stack).await;
        stack.invoke(say(&ECHO, "hi")).await.unwrap();
    }
    assert_eq!(state(&stack), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_peer_from_which_all_callers_turn_away_is_sick() {
    let stack = guarding(Handler(|_| pending()));
    for _ in 0..19 {
        leave(&stack).await;
    }
    assert_eq!(state(&stack), State::Closed);
    leave(&stack).await;
    assert_eq!(state(&stack), State::Open);
}

/// Seen in grpc-java #12834.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_another_one_beat_says_nothing_however_it_ends() {
    let stack = guarding(Handler(|_| async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(Status::unavailable("cancelled by its rival"))
    }));
    for waits in (0..40).map(|turn| turn % 2 == 0) {
        let race = Arc::new(Race::default());
        let mut call = say(&ECHO, "hi");
        call.attempt.race = Some(Arc::clone(&race));
        call.deadline = Deadline::after(clock::now(), Duration::from_millis(2), Limit::Call);
        race.lose();
        let limit = Duration::from_millis(if waits { 9 } else { 3 });
        let ended = tokio::time::timeout(limit, stack.invoke(call)).await;
        assert_eq!(ended.is_ok(), waits);
    }
    let counts = stack.breakers.of(&ECHO.methods[0]).counts(clock::now());
    assert_eq!((state(&stack), counts.ignored), (State::Closed, 40));
    assert_eq!(counts.window.calls + counts.window.abandoned, 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_on_this_side_says_nothing_of_the_peer() {
    let stack = guarding(Handler(|_| async {
        Err(Mark::Refused.on(Status::unavailable("bulkhead full")))
    }));
    for _ in 0..40 {
        stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    }
    assert_eq!(state(&stack), State::Closed);
}

/// Whatever the peer's own policies refuse looks on the wire as it does here.
#[tokio::test(start_paused = true)]
async fn a_peer_that_sheds_or_rests_for_whoever_is_behind_it_is_not_sick() {
    for (code, reason, domain, then) in [
        (Code::Unavailable, "OVERLOADED", "couplet", State::Closed),
        (Code::Unavailable, "CIRCUIT_OPEN", "couplet", State::Closed),
        (
            Code::ResourceExhausted,
            "RATE_LIMITED",
            "couplet",
            State::Closed,
        ),
        (Code::DeadlineExceeded, "DOOMED", "couplet", State::Closed),
        // Nobody else's word for it, and nothing else of ours.
        (Code::DeadlineExceeded, "DOOMED", "elsewhere", State::Open),
        (Code::Unavailable, "OVERLOADED", "elsewhere", State::Open),
        (Code::Unavailable, "BROKEN", "couplet", State::Open),
        (Code::Internal, "OVERLOADED", "couplet", State::Open),
    ] {
        let stack = guarding(Handler(move |_| async move {
            let mut details = ErrorDetails::new();
            details.set_error_info(reason, domain, []);
            Err(Status::with_error_details(code, "no", details))
        }));
        // Of a method without a timeout, whose caller cannot have been short of time.
        let method = &ECHO.methods[1];
        for _ in 0..40 {
            let mut call = say(&ECHO, "hi");
            call.method = method;
            let _ = stack.invoke(call).await;
        }
        let state = stack.breakers.of(method).state();
        assert_eq!(state, then, "{code:?} {reason} {domain}");
    }
}

/// Seen in tower-resilience (a paused clock does not move it).
#[tokio::test(start_paused = true)]
async fn stays_away_as_long_as_the_failing_peer_asks() {
    let in_header = || {
        let mut status = Status::unavailable("busy");
        let wait = "17000".parse().unwrap();
        status.metadata_mut().insert("grpc-retry-pushback-ms", wait);
        status
    };
    let in_details = || {
        let mut details = ErrorDetails::new();
        details.set_retry_info(Some(Duration::from_secs(17)));
        Status::with_error_details(Code::Unavailable, "busy", details)
    };
    let peers: [fn() -> Status; 2] = [in_header, in_details];
    for busy in peers {
        let stack = guarding(Handler(move |_| async move { Err(busy()) }));
        for _ in 0..20 {
            stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
        }
        let refused = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
        let retry = refused.get_details_retry_info().unwrap();
        let wait = retry.retry_delay.unwrap();
        // Never earlier, and spread by the jitter of a fifth.
        assert!((17.0..=20.4).contains(&wait.as_secs_f64()), "{wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_the_users_own_decides_in_place_of_the_codes() {
    let stack = guarding(Handler(|_| async {
        Err(Status::not_found("no such film"))
    }));
    let breaker = stack.breakers.of(&ECHO.methods[0]);
    breaker.classify(|status, info| match status.message() {
        "no such film" if info.method.name == "Say" => Verdict::Failure,
        _ => info.usual,
    });
    for _ in 0..20 {
        stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    }
    assert_eq!(state(&stack), State::Open);
}

/// Says of every method what `policy` says.
fn plans(policy: BreakerPolicy) -> impl Fn(&'static Method) -> Plan {
    move |_| {
        Plan::new(Policies {
            breaker: Some(policy),
            ..Policies::UNSET
        })
    }
}

/// Seen in tower-resilience (every use of a layer has a state of its own).
#[tokio::test(start_paused = true)]
async fn methods_share_a_breaker_as_its_scope_says_and_go_by_new_plans() {
    let policy = BreakerPolicy {
        scope: Some(BreakerScope::Service),
        ..BreakerPolicy::UNSET
    };
    let table = Arc::new(Plans::new(&ECHO, plans(policy)));
    let registry = Registry::default();
    let shared = |target| Breakers::shared(&ECHO, Arc::clone(&table), &registry, target).unwrap();
    let (here, there) = (shared("here:1"), shared("there:1"));
    let [say, repeat] = [0, 1].map(|method| here.of(&ECHO.methods[method]));
    assert!(Arc::ptr_eq(say, repeat));
    assert!(!Arc::ptr_eq(say, there.of(&ECHO.methods[0])));
    assert!(Arc::ptr_eq(say, shared("here:1").of(&ECHO.methods[0])));

    table.swap(plans(BreakerPolicy {
        consecutive_failures: Some(1),
        ..policy
    }));
    here.reconfigure(clock::now()).unwrap();
    let permit = say.admit(clock::now()).unwrap();
    permit.complete(clock::now(), Verdict::Failure);
    assert_eq!(repeat.state(), State::Open);

    table.swap(plans(BreakerPolicy {
        minimum_number_of_calls: Some(0),
        ..policy
    }));
    here.reconfigure(clock::now()).unwrap_err();
    assert_eq!(
        say.config().consecutive_failures,
        1,
        "nothing was taken over"
    );
}

/// Seen in tower-resilience (trailers).
/// Seen in Envoy #860 #8228.
#[tokio::test(start_paused = true)]
async fn a_stream_counts_by_how_it_ends() {
    struct Broken;
    impl crate::call::Source for Broken {
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<crate::call::Frame, Status>>> {
            std::task::Poll::Ready(Some(Err(Status::unavailable("cut"))))
        }
    }
    let stack = guarding(Handler(|_| async {
        Ok(Reply::new(Body::Many(Frames::new(Broken))))
    }));
    let repeat = &ECHO.methods[1];
    for _ in 0..20 {
        let call = Call {
            method: repeat,
            ..say(&ECHO, "hi")
        };
        let mut frames = stack.invoke(call).await.unwrap().body.into_frames();
        frames.frame().await.unwrap().unwrap_err();
    }
    assert_eq!(stack.breakers.of(repeat).state(), State::Open);
    assert_eq!(state(&stack), State::Closed, "each method has its own");
    let healthy = guarding(Handler(echo));
    healthy.invoke(say(&ECHO, "hi")).await.unwrap();
}

/// Its probe goes with it, and the place is free.
///
/// The wedge suite's `runtime shut down`.
#[test]
fn a_runtime_that_shuts_down_during_a_probe_does_not_wedge() {
    let stack = Arc::new(guarding(Handler(|_| pending())));
    let breaker = Arc::clone(stack.breakers.of(&ECHO.methods[0]));
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let now = runtime.block_on(async {
        let now = clock::now();
        for _ in 0..20 {
            breaker.admit(now).unwrap().complete(now, Verdict::Failure);
        }
        tokio::time::advance(Duration::from_secs(7)).await;
        tokio::spawn(async move { stack.invoke(say(&ECHO, "hi")).await });
        tokio::task::yield_now().await;
        assert!(breaker.admit(clock::now()).is_err(), "a probe is out");
        clock::now()
    });
    drop(runtime);
    assert_eq!(breaker.counts(now).abandoned, 1);
    assert!(breaker.admit(now).is_ok());
}

/// Answers at once, after having held the thread for so long.
fn holding_the_thread(long: Duration) -> impl Invoke {
    Handler(move |call: Call| async move {
        // Polled once, it has moved the clock, and need not be waited for.
        assert!(tokio::time::advance(long).now_or_never().is_none());
        match call.metadata.contains_key("fail") {
            true => Err(Status::deadline_exceeded("sick")),
            false => echo(call).await,
        }
    })
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_waited_for_is_slow_all_the_same() {
    let long = Duration::from_secs(2);
    let slow = BreakerPolicy::UNSET.slow_call_duration_threshold(Duration::from_secs(1));
    let plans = Plans::new(&ECHO, |_| Plan::new(Policies::UNSET.breaker(slow)));
    let breakers = Breakers::shared(&ECHO, Arc::new(plans), &Registry::default(), "");
    let stack = Breaker::new(holding_the_thread(long), Arc::new(breakers.unwrap()));
    stack.invoke(say(&ECHO, "hi")).await.unwrap();
    let counts = |stack: &Breaker<_>| stack.breakers.of(&ECHO.methods[0]).counts(clock::now());
    assert_eq!((counts(&stack).successes, counts(&stack).slow), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_nobody_waited_for_took_the_time_that_it_took() {
    // Half of the method's own timeout is one second: what is given up earlier is the caller's doing.
    for (long, failures) in [(900, 0), (1_100, 1)] {
        let stack = guarding(holding_the_thread(Duration::from_millis(long)));
        let mut call = say(&ECHO, "hi");
        call.metadata.insert("fail", "yes".parse().unwrap());
        stack.invoke(call).await.unwrap_err();
        let counts = stack.breakers.of(&ECHO.methods[0]).counts(clock::now());
        assert_eq!(counts.failures, failures, "after {long} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_waited_for_counts_when_it_came() {
    let stack = guarding(Handler(|call| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        echo(call).await
    }));
    stack.invoke(say(&ECHO, "hi")).await.unwrap();
    let counts = stack.breakers.of(&ECHO.methods[0]).counts(clock::now());
    assert_eq!(counts.window.calls, 1, "of the last ten seconds");
}
