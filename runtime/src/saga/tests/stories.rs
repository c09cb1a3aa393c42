//! What a saga lives through, told one by one.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::Notify;
use tonic::{Code, Status};

use super::{CONTRACT, Fate, Peer, done};
use crate::{
    call::{Deadline, Limit, Mark, Policies, RetryPolicy, headers},
    clock,
    context::Context,
    layer::retry::Retry,
    policy::plan::{Plan, Plans},
    saga::{
        Aborted, Config, ConfigError, Op, Outcome, Recovery, Saga,
        log::{MemoryLog, SagaLog},
    },
};

/// A peer that works, but for the action of one step.
fn failing(step: u32, fate: Fate) -> Peer {
    Peer::new(move |id| match id.op {
        Op::Action if id.step == step => fate,
        _ => Fate::Works,
    })
}

pub(super) async fn run(saga: Saga, peer: &Peer, steps: u32) -> Result<u32, Aborted> {
    let peer = peer.clone();
    saga.run(move |saga| peer.steps(saga, steps)).await
}

pub(super) fn steps(ran: Vec<(u32, String)>) -> Vec<u32> {
    ran.into_iter().map(|(step, _)| step).collect()
}

#[tokio::test]
async fn what_goes_well_is_left_as_it_is_and_the_body_says_what_came_of_it() {
    let peer = Peer::new(|_| Fate::Works);
    let log = Arc::new(MemoryLog::default());
    let saga = Saga::new("fine").log(log.clone());
    assert_eq!(run(saga, &peer, 3).await.unwrap(), 3);
    assert_eq!(steps(peer.ran(Op::Action)), [1, 2, 3]);
    assert!(peer.ran(Op::Compensation).is_empty());
    assert!(log.claim().await.unwrap().is_empty());
}

#[tokio::test]
async fn every_call_of_a_saga_says_which_one_it_is() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let peer = Peer::new(move |id| {
        told.lock().unwrap().push(id.to_string());
        match (id.op, id.step) {
            (Op::Action, 2) => Fate::Lost(Code::Unavailable),
            _ => Fate::Works,
        }
    });
    let saga = Saga::new("named").gid("order-7");
    run(saga, &peer, 2).await.unwrap_err();
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "order-7/1/action",
            "order-7/2/action",
            "order-7/2/compensation",
            "order-7/1/compensation"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_stops_neither_the_way_forward_nor_the_way_back() {
    let gate = Arc::new(Notify::new());
    let over = Arc::new(Notify::new());
    let tries = AtomicU32::new(0);
    let (peer, told) = {
        let over = Arc::clone(&over);
        let peer = Peer::new(move |id| match (id.op, id.step) {
            (Op::Action, 3) => Fate::Lost(Code::Internal),
            // The way back takes a while, too.
            (Op::Compensation, 3) if tries.fetch_add(1, Relaxed) < 5 => Fate::Fails(Code::Internal),
            (Op::Compensation, 1) => {
                over.notify_one();
                Fate::Works
            }
            _ => Fate::Works,
        });
        (peer.clone(), peer)
    };
    let (body, opened) = (peer.clone(), Arc::clone(&gate));
    let saga = Saga::new("left alone").run(move |mut saga| async move {
        saga.step(body.step("1")).await?;
        opened.notified().await;
        saga.step(body.step("2")).await?;
        saga.step(body.step("3")).await.map(drop)
    });
    // The caller waits for a millisecond, in which the first step is taken, and drops the saga.
    let waited = tokio::time::timeout(Duration::from_millis(1), saga).await;
    assert!(waited.is_err());
    assert_eq!(steps(told.ran(Op::Action)), [1]);

    gate.notify_one();
    over.notified().await;
    assert_eq!(steps(told.ran(Op::Action)), [1, 2, 3]);
    assert_eq!(steps(told.ran(Op::Compensation)), [3, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_caller_ends_the_way_forward_and_not_the_way_back() {
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let peer = Peer::new(move |id| match (id.op, id.step) {
        (Op::Action, 2) => Fate::Hangs,
        // Long after the caller's deadline.
        (Op::Compensation, _) if counted.fetch_add(1, Relaxed) < 8 => {
            Fate::Fails(Code::Unavailable)
        }
        _ => Fate::Works,
    });
    let stack = crate::stack::Client::new(
        peer.clone(),
        CONTRACT,
        &crate::stack::ClientSettings::default(),
    );
    let deadline = Deadline::at(clock::now() + Duration::from_millis(100), Limit::Inherited);
    let context = Context {
        deadline,
        ..Context::current()
    };
    let caller = peer.clone();
    let started = clock::now();
    let run = Saga::new("late").run(move |mut saga| async move {
        saga.step(caller.step("1")).await?;
        saga.step(caller.step_over(&stack, "2")).await.map(drop)
    });
    let aborted = context.scope(run).await.unwrap_err();
    assert_eq!(aborted.status.code(), Code::DeadlineExceeded, "{aborted}");
    assert_eq!(done(&aborted.compensations), [2, 1]);
    assert!(aborted.is_rolled_back());
    assert!(
        clock::now() - started > Duration::from_secs(2),
        "it went on"
    );
}

#[tokio::test(start_paused = true)]
async fn a_compensation_is_given_up_at_its_deadline_and_those_before_it_are_tried_all_the_same() {
    let peer = Peer::new(|id| match (id.op, id.step) {
        (Op::Action, 3) => Fate::Fails(Code::FailedPrecondition),
        (Op::Compensation, 2) => Fate::Hangs,
        _ => Fate::Works,
    });
    let log = Arc::new(MemoryLog::default());
    let (saga, started) = (Saga::new("stuck").log(log.clone()), clock::now());
    let aborted = run(saga, &peer, 3).await.unwrap_err();
    assert_eq!(aborted.status.code(), Code::FailedPrecondition);
    assert!(!aborted.is_rolled_back());
    let [stuck, fine] = &aborted.compensations[..] else {
        panic!("{aborted:?}");
    };
    assert!(
        matches!(&stuck.outcome, Outcome::GaveUp { attempts: 6, last } if last.code() == Code::DeadlineExceeded)
    );
    assert!(matches!(fine.outcome, Outcome::Done { attempts: 1 }));
    assert_eq!(clock::now() - started, Duration::from_secs(30));

    // It is still in the log, and another try finds a server that answers.
    let healed = Peer::new(|_| Fate::Works);
    let recovery = Recovery::new(log.clone()).service(CONTRACT, healed.clone());
    let [recovered] = &recovery.run().await.unwrap()[..] else {
        panic!("one saga");
    };
    assert_eq!(done(&recovered.compensations), [2]);
    assert_eq!(
        healed.ran(Op::Compensation),
        [(2, "undo 2, answered 2".to_owned())]
    );
    assert!(log.claim().await.unwrap().is_empty());
}

/// A connection that is dead and says nothing took the whole time of a compensation, and there was but one try.
#[tokio::test(start_paused = true)]
async fn a_try_that_hangs_leaves_time_for_the_next() {
    let tries = AtomicU32::new(0);
    let peer = Peer::new(move |id| match (id.op, id.step) {
        (Op::Action, 2) => Fate::Fails(Code::FailedPrecondition),
        (Op::Compensation, _) if tries.fetch_add(1, Relaxed) < 2 => Fate::Hangs,
        _ => Fate::Works,
    });
    let config = Config {
        try_timeout: Duration::from_secs(2),
        ..Config::default()
    };
    let (saga, started) = (Saga::new("slow").config(config), clock::now());
    let aborted = run(saga, &peer, 2).await.unwrap_err();
    assert!(aborted.is_rolled_back(), "{aborted:?}");
    assert!(matches!(
        aborted.compensations[0].outcome,
        Outcome::Done { attempts: 3 }
    ));
    assert!(clock::now() - started < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_wants_to_be_left_alone_is() {
    #[derive(Clone)]
    struct Refusing(Peer);
    impl crate::call::Invoke for Refusing {
        async fn invoke(&self, call: crate::call::Call) -> Result<crate::call::Reply, Status> {
            let answer = self.0.invoke(call).await;
            answer.map_err(|mut status| {
                let never = http::HeaderValue::from_static("-1");
                headers::insert(status.metadata_mut(), headers::PUSHBACK, never);
                status
            })
        }
    }
    let peer = Peer::new(|id| match id.op {
        Op::Action => Fate::Works,
        Op::Compensation => Fate::Fails(Code::FailedPrecondition),
    });
    let (body, started) = (peer.clone(), clock::now());
    let run = Saga::new("refused").run(move |mut saga| async move {
        let stack = Refusing(body.clone());
        saga.step(body.step_over(&stack, "1")).await?;
        Err::<(), _>(Status::aborted("no"))
    });
    let aborted = run.await.unwrap_err();
    assert!(matches!(
        &aborted.compensations[0].outcome,
        Outcome::GaveUp { attempts: 1, .. }
    ));
    assert_eq!(clock::now(), started);
}

#[tokio::test]
async fn after_a_step_in_doubt_nothing_more_is_sent_and_the_body_cannot_pretend_that_all_is_well() {
    let peer = failing(2, Fate::Lost(Code::Unknown));
    let body = peer.clone();
    let run = Saga::new("pretends").run(move |mut saga| async move {
        saga.step(body.step("1")).await?;
        saga.step(body.step("2")).await.unwrap_err();
        let refused = saga.step(body.step("3")).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        Ok(())
    });
    let aborted = run.await.unwrap_err();
    assert_eq!(aborted.status.code(), Code::Unknown);
    assert_eq!(steps(peer.ran(Op::Action)), [1, 2]);
    assert_eq!(steps(peer.ran(Op::Compensation)), [2, 1]);
}

#[tokio::test]
async fn a_step_that_certainly_failed_may_be_done_in_another_way() {
    let peer = failing(1, Fate::Fails(Code::FailedPrecondition));
    let body = peer.clone();
    let run = Saga::new("otherwise").run(move |mut saga| async move {
        saga.step(body.step("by card")).await.unwrap_err();
        saga.step(body.step("by invoice")).await.map(drop)
    });
    run.await.unwrap();
    assert_eq!(peer.ran(Op::Action), [(2, "by invoice".to_owned())]);
    assert!(peer.ran(Op::Compensation).is_empty());
}

/// A peer in front of which calls are sent again, by a service config: the contract knows nothing of it.
fn retried(peer: &Peer) -> Arc<Retry<Peer>> {
    let retry = RetryPolicy {
        max_attempts: Some(2),
        ..RetryPolicy::UNSET
    };
    let policies = Policies {
        retry: Some(retry),
        ..Policies::UNSET
    };
    let plans = Plans::new(CONTRACT, |_| Plan::new(policies));
    Arc::new(Retry::new(peer.clone(), Arc::new(plans), Arc::default()))
}

/// The first attempt runs and its answer is lost; the second finds what the first one did, or is not let out any more.
#[tokio::test(start_paused = true)]
async fn a_step_that_was_sent_again_may_have_run_whatever_its_last_attempt_says() {
    let refused = Fate::Marked(Code::Unavailable, Mark::Refused);
    for last in [Fate::Fails(Code::AlreadyExists), refused] {
        let fates = Mutex::new(vec![last, Fate::Lost(Code::Unavailable)]);
        let peer = Peer::new(move |id| match id.op {
            Op::Action => fates.lock().unwrap().pop().expect("two attempts"),
            Op::Compensation => Fate::Works,
        });
        let body = peer.clone();
        let run = Saga::new("twice").run(move |mut saga| async move {
            let stack = retried(&body);
            saga.step(body.step_over(&stack, "1")).await.map(drop)
        });
        run.await.unwrap_err();
        assert_eq!(steps(peer.ran(Op::Compensation)), [1], "{last:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_could_have_been_sent_again_and_was_not_certainly_failed() {
    let peer = failing(1, Fate::Fails(Code::FailedPrecondition));
    let body = peer.clone();
    let run = Saga::new("once").run(move |mut saga| async move {
        let stack = retried(&body);
        saga.step(body.step_over(&stack, "1")).await.unwrap_err();
        Ok(())
    });
    run.await.unwrap();
    assert!(peer.ran(Op::Compensation).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_step_that_the_body_stops_waiting_for_is_in_doubt() {
    let peer = failing(1, Fate::Hangs);
    let body = peer.clone();
    let run = Saga::new("impatient").run(move |mut saga| async move {
        let step = saga.step(body.step("1"));
        let waited = tokio::time::timeout(Duration::from_secs(1), step).await;
        assert!(waited.is_err());
        Ok(())
    });
    let aborted = run.await.unwrap_err();
    assert_eq!(aborted.status.code(), Code::Aborted);
    assert_eq!(steps(peer.ran(Op::Compensation)), [1]);
}

#[tokio::test]
async fn a_body_that_panics_has_failed() {
    let peer = Peer::new(|_| Fate::Works);
    let body = peer.clone();
    let run = Saga::new("panics").run(move |mut saga| async move {
        saga.step(body.step("1")).await?;
        assert!(body.ran(Op::Action).is_empty(), "so it panics");
        Ok(())
    });
    let aborted = run.await.unwrap_err();
    assert_eq!(aborted.status.code(), Code::Internal);
    assert_eq!(steps(peer.ran(Op::Compensation)), [1]);
}

#[test]
fn without_a_runtime_it_is_an_error_and_nothing_is_called() {
    let peer = Peer::new(|_| Fate::Works);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut saga = Box::pin(run(Saga::new("nowhere"), &peer, 1));
    let std::task::Poll::Ready(Err(aborted)) = saga.as_mut().poll(&mut context) else {
        panic!("it is an error at once");
    };
    assert_eq!(aborted.status.code(), Code::FailedPrecondition);
    assert!(peer.ran(Op::Action).is_empty());
}

#[tokio::test]
async fn names_and_settings_that_make_no_sense_are_told_before_anything_is_called() {
    let peer = Peer::new(|_| Fate::Works);
    let aborted = run(Saga::new("x").gid("a/b"), &peer, 1).await.unwrap_err();
    assert_eq!(aborted.status.code(), Code::InvalidArgument);
    let config = Config {
        compensation_deadline: Duration::ZERO,
        ..Config::default()
    };
    assert_eq!(config.validate(), Err(ConfigError::NoTime));
    let saga = Saga::new("x").config(config);
    let aborted = run(saga, &peer, 1).await.unwrap_err();
    assert_eq!(aborted.status.code(), Code::InvalidArgument);
    let hurried = Config {
        try_timeout: Duration::ZERO,
        ..Config::default()
    };
    assert_eq!(hurried.validate(), Err(ConfigError::NoTry));
    let mut shapeless = Config::default();
    shapeless.backoff.jitter = f64::NAN;
    assert_eq!(shapeless.validate(), Err(ConfigError::Shape));
    assert!(peer.ran(Op::Action).is_empty());
}
