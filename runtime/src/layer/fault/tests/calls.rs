//! One call: held up, aborted, done and lost.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::*;
use crate::{
    call::{Deadline, Limit},
    layer::{
        breaker::{Breaker, Breakers},
        deadline,
    },
    policy::breaker::State,
};

/// A peer that counts the calls that it sees.
fn counting() -> (impl Invoke, Arc<AtomicU32>) {
    let seen = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&seen);
    let peer = Handler(move |call| {
        count.fetch_add(1, Relaxed);
        echo(call)
    });
    (peer, seen)
}

#[tokio::test(start_paused = true)]
async fn nothing_happens_while_the_gate_is_shut_nor_to_a_method_without_a_rule() {
    let stack = calling(Handler(echo), always_abort);
    let other = Call {
        method: &ECHO.methods[1],
        ..say(&ECHO, "hi")
    };
    stack.invoke(other).await.unwrap();
    stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    stack.table.faults().turn(false);
    let answer = stack.invoke(say(&ECHO, "hi")).await;
    assert_eq!(Mark::of_answer(&answer), None);
    answer.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_program_wants_wins_over_the_plan_and_outlives_a_new_one() {
    let aborts = |code| {
        let mut config = Config::default();
        always_abort(&mut config);
        config.abort_status = Some(code);
        config.rule().unwrap()
    };
    let own = aborts(Code::DataLoss);
    let rules = Rules::new(move |method| (method.index == 0).then(|| own.clone()));
    let faults = Arc::new(Faults::new(1));
    faults.turn(true);
    let plans = Arc::new(Plans::of_contract(&ECHO));
    let stack = Calling::new(Handler(echo), Arc::clone(&plans), &rules.within(faults));
    let code = |index: usize| {
        let call = Call {
            method: &ECHO.methods[index],
            ..say(&ECHO, "hi")
        };
        let answer = stack.invoke(call);
        async { answer.await.err().map(|status| status.code()) }
    };
    assert_eq!(code(0).await, Some(Code::DataLoss));
    assert_eq!(code(1).await, None);

    let planned = aborts(Code::Aborted);
    plans.swap(|method| Plan::new(method.policies).with_faults(Some(planned.clone())));
    assert_eq!(code(0).await, Some(Code::DataLoss));
    assert_eq!(code(1).await, Some(Code::Aborted));
    plans.swap(|method| Plan::new(method.policies));
    assert_eq!(code(0).await, Some(Code::DataLoss));
    assert_eq!(code(1).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_held_up_goes_on_later_and_is_marked() {
    let started = clock::now();
    let peer = Handler(move |call| async move {
        assert_eq!(clock::now() - started, SECOND);
        echo(call).await
    });
    let answer = calling(peer, always_delay).invoke(say(&ECHO, "hi")).await;
    assert_eq!(Mark::of_answer(&answer), Some(Mark::Injected));
    answer.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_aborted_is_not_sent() {
    let (peer, seen) = counting();
    let stack = calling(peer, always_abort);
    let status = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::Aborted);
    assert_eq!(Mark::of(&status), Some(Mark::Injected));
    assert_eq!(seen.load(Relaxed), 0);
}

/// grpc-go `TestFaultInjection_Unary/header abort/gRPC Status OK`.
#[tokio::test(start_paused = true)]
async fn an_abort_with_ok_ends_a_call_without_the_message_that_was_due() {
    let (peer, seen) = counting();
    let stack = calling(peer, |config| {
        (config.abort_status, config.abort_fraction) = (Some(Code::Ok), MILLION);
    });
    let reply = stack.invoke(say(&ECHO, "hi")).await.unwrap();
    let missing = reply.body.one().await.unwrap_err();
    assert_eq!(missing.code(), Code::Unimplemented);
    assert_eq!(seen.load(Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_reset_was_done_all_the_same() {
    let (peer, seen) = counting();
    let stack = calling(peer, |config| config.reset_fraction = MILLION);
    let status = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().starts_with("the stream was reset"));
    // Not as what no application saw, which would be sent again.
    assert_eq!(Mark::of(&status), Some(Mark::Injected));
    assert_eq!(seen.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_held_back_was_there_in_time() {
    let (peer, seen) = counting();
    let stack = calling(peer, |config| {
        (config.response_delay, config.response_delay_fraction) = (Some(SECOND), MILLION);
    });
    let started = clock::now();
    let mut call = std::pin::pin!(stack.invoke(say(&ECHO, "hi")));
    tokio::select! {
        biased;
        _ = &mut call => panic!("it is held back"),
        () = tokio::time::sleep(SECOND / 2) => {}
    }
    assert_eq!(seen.load(Relaxed), 1);
    let answer = call.await;
    assert_eq!(Mark::of_answer(&answer), Some(Mark::Injected));
    assert_eq!(clock::now() - started, SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_a_delay_keeps_what_is_known_of_it() {
    let unseen = |mark: Option<Mark>| async move {
        let peer = Handler(move |_| async move {
            let status = Status::unavailable("away");
            Err(match mark {
                Some(mark) => mark.on(status),
                None => status,
            })
        });
        let stack = calling(peer, always_delay);
        Mark::of(&stack.invoke(say(&ECHO, "hi")).await.unwrap_err())
    };
    assert_eq!(
        unseen(Some(Mark::Unprocessed)).await,
        Some(Mark::Unprocessed)
    );
    assert_eq!(unseen(None).await, Some(Mark::Injected));
}

/// grpc-go `TestFaultInjection_Unary/abort then delay filters`.
#[tokio::test(start_paused = true)]
async fn of_two_layers_the_outer_ones_abort_leaves_the_inner_one_nothing_to_do() {
    let inner = calling(Handler(echo), always_delay);
    let counts = Arc::clone(inner.table.faults());
    let stack = calling(inner, |config| {
        always_abort(config);
        config.abort_fraction = 500_000;
    });
    let mut aborted = 0;
    for _ in 0..200 {
        let started = clock::now();
        let failed = stack.invoke(say(&ECHO, "hi")).await.is_err();
        aborted += u64::from(failed);
        let took = if failed { Duration::ZERO } else { SECOND };
        assert_eq!(clock::now() - started, took);
    }
    assert_eq!(counts.counts().injected.sum(), 200 - aborted);
    assert!((60..140).contains(&aborted), "{aborted}");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_call_that_is_held_up_and_the_limit_knows() {
    let (plans, rules) = faulty(|config| {
        (config.delay, config.delay_fraction) = (Some(60 * SECOND), MILLION);
    });
    let stack = Calling::new(Handler(echo), Arc::clone(&plans), &rules);
    let faults = Arc::clone(stack.table.faults());
    let stack = deadline::Calling::new(stack, plans, Arc::default());
    let mut call = say(&ECHO, "hi");
    call.deadline = Deadline::after(clock::now(), SECOND, Limit::Call);
    let status = stack.invoke(call).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(faults.active(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_takes_an_injected_failure_for_what_it_pretends_to_be() {
    let breakers = Arc::new(Breakers::new(&ECHO));
    let stack = calling(Handler(echo), |config| {
        always_abort(config);
        config.abort_status = Some(Code::Unavailable);
    });
    let stack = Breaker::new(stack, Arc::clone(&breakers));
    for _ in 0..20 {
        stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    }
    assert_eq!(breakers.of(&ECHO.methods[0]).state(), State::Open);
}
