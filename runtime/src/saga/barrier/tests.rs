//! Calls that come twice, too early, too late and at once.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use proptest::prelude::*;
use tonic::{Code, Request, Status};

use super::{Barrier, Memory, Outcome};
use crate::saga::{Op, SagaId};

/// The request of the first step of a saga.
fn request(gid: &str, op: Op) -> Request<()> {
    let (gid, step) = (gid.parse().unwrap(), 1);
    let mut request = Request::new(());
    SagaId { gid, step, op }.write(request.metadata_mut());
    request
}

fn complete() -> Barrier {
    Barrier::new(Memory::default().complete())
}

async fn call(barrier: &Barrier, gid: &str, op: Op) -> Result<Outcome<()>, Status> {
    barrier.guard(&request(gid, op), async || Ok(())).await
}

#[tokio::test]
async fn an_action_and_its_compensation_take_effect_once_however_often_they_come() {
    let barrier = complete();
    for op in [Op::Action, Op::Compensation] {
        assert_eq!(call(&barrier, "a", op).await.unwrap(), Outcome::Run(()));
        for _ in 0..3 {
            let again = call(&barrier, "a", op).await.unwrap();
            assert_eq!(again, Outcome::AlreadyDone);
        }
    }
}

#[tokio::test]
async fn a_compensation_without_an_action_has_nothing_to_do_and_keeps_the_action_out() {
    let barrier = complete();
    let nothing = call(&barrier, "a", Op::Compensation).await.unwrap();
    assert_eq!(nothing, Outcome::Nothing);
    let late = call(&barrier, "a", Op::Action).await.unwrap_err();
    assert_eq!(late.code(), Code::Aborted);
    assert_eq!(late.message(), "a/1/action was compensated already");
    // Another saga is another matter.
    assert_eq!(
        call(&barrier, "b", Op::Action).await.unwrap(),
        Outcome::Run(())
    );
}

#[tokio::test]
async fn a_memory_that_may_have_forgotten_the_action_lets_its_compensation_run_and_keeps_the_action_out()
 {
    let barrier = Barrier::<Memory>::default();
    let ran = call(&barrier, "a", Op::Compensation).await.unwrap();
    assert_eq!(ran, Outcome::Run(()));
    let late = call(&barrier, "a", Op::Action).await.unwrap_err();
    assert_eq!(late.code(), Code::Aborted);
}

#[tokio::test(start_paused = true)]
async fn what_failed_or_was_dropped_may_come_again_and_is_taken_back() {
    let barrier = complete();
    let action = request("a", Op::Action);
    let failed = barrier.guard(&action, async || Err::<(), _>(Status::internal("half")));
    assert_eq!(failed.await.unwrap_err().code(), Code::Internal);
    let hangs = barrier.guard(&action, pending::<Result<(), Status>>);
    let dropped = tokio::time::timeout(Duration::from_secs(1), hangs).await;
    assert!(dropped.is_err());
    assert_eq!(
        call(&barrier, "a", Op::Action).await.unwrap(),
        Outcome::Run(())
    );

    let compensation = request("a", Op::Compensation);
    let failed = barrier.guard(&compensation, async || {
        Err::<(), _>(Status::internal("half"))
    });
    failed.await.unwrap_err();
    let again = call(&barrier, "a", Op::Compensation).await.unwrap();
    assert_eq!(again, Outcome::Run(()));
}

#[tokio::test]
async fn what_is_running_is_worth_asking_for_again() {
    let barrier = complete();
    let outer = request("a", Op::Action);
    let running = barrier.guard(&outer, async || {
        for op in [Op::Action, Op::Compensation] {
            let busy = call(&barrier, "a", op).await.unwrap_err();
            assert_eq!(busy.code(), Code::Unavailable);
        }
        Ok(())
    });
    running.await.unwrap();
    let back = call(&barrier, "a", Op::Compensation).await.unwrap();
    assert_eq!(back, Outcome::Run(()));
}

#[tokio::test]
async fn a_call_of_no_saga_is_let_through_and_one_with_a_senseless_id_is_not() {
    let barrier = complete();
    for _ in 0..2 {
        let plain = barrier.guard(&Request::new(()), async || Ok(7)).await;
        assert_eq!(plain.unwrap(), Outcome::Run(7));
    }
    let mut hostile = Request::new(());
    let metadata = hostile.metadata_mut();
    metadata.insert("x-saga-id", "../../etc".parse().unwrap());
    let refused = barrier.guard(&hostile, async || Ok(7)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_forgotten_before_its_time_and_after_that_it_no_longer_claims_to_know_all() {
    let memory = Memory::new(2, Duration::from_secs(60)).complete();
    let barrier = Barrier::new(memory);
    call(&barrier, "a", Op::Action).await.unwrap();
    tokio::time::advance(Duration::from_secs(40)).await;
    call(&barrier, "b", Op::Action).await.unwrap();
    let full = call(&barrier, "c", Op::Action).await.unwrap_err();
    assert_eq!(full.code(), Code::ResourceExhausted);
    // What is known is answered all the same.
    let known = call(&barrier, "a", Op::Action).await.unwrap();
    assert_eq!(known, Outcome::AlreadyDone);

    tokio::time::advance(Duration::from_secs(20)).await;
    // The first is forgotten, the second is not; and a compensation of what may be forgotten runs.
    let forgotten = call(&barrier, "a", Op::Compensation).await.unwrap();
    assert_eq!(forgotten, Outcome::Run(()));
    let known = call(&barrier, "b", Op::Action).await.unwrap();
    assert_eq!(known, Outcome::AlreadyDone);
}

/// One step that many threads act upon: how often each of its two calls took effect, and how many run at a time.
#[derive(Default)]
struct Books {
    acted: AtomicU32,
    compensated: AtomicU32,
    inside: AtomicU32,
}

#[test]
fn threads_that_all_call_at_once_get_one_of_each_in_and_never_two_at_a_time() {
    for round in 0..200 {
        let (barrier, books) = (complete(), Arc::new(Books::default()));
        let gid = format!("round-{round}");
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (barrier, books, gid) = (barrier.clone(), Arc::clone(&books), gid.clone());
                let op = if thread % 2 == 0 {
                    Op::Action
                } else {
                    Op::Compensation
                };
                scope.spawn(move || knock(&barrier, &books, &gid, op));
            }
        });
        let acted = books.acted.load(SeqCst);
        assert!(acted <= 1, "{acted} actions");
        // Once all have been answered, what was done has been taken back, and once.
        assert_eq!(books.compensated.load(SeqCst), acted);
    }
}

/// Calls until it is answered, as a saga does.
fn knock(barrier: &Barrier, books: &Books, gid: &str, op: Op) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime without a timer");
    loop {
        let work = async || {
            assert_eq!(books.inside.fetch_add(1, SeqCst), 0, "two at a time");
            tokio::task::yield_now().await;
            let count = match op {
                Op::Action => &books.acted,
                Op::Compensation => &books.compensated,
            };
            count.fetch_add(1, SeqCst);
            books.inside.fetch_sub(1, SeqCst);
            Ok(())
        };
        let request = request(gid, op);
        match runtime.block_on(barrier.guard(&request, work)) {
            Err(busy) if busy.code() == Code::Unavailable => std::thread::yield_now(),
            Ok(_) | Err(_) => return,
        }
    }
}

proptest! {
    /// Whatever comes in whatever order, and fails or not: an action is never let in after its compensation, and nothing
    /// takes effect twice.
    #[test]
    fn no_order_of_calls_leaves_an_effect_behind_a_compensation(
        calls in prop::collection::vec((any::<bool>(), any::<bool>()), 1..12), forgetful: bool,
    ) {
        let barrier = if forgetful { Barrier::default() } else { complete() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut acted, mut compensated, mut going_back) = (0, 0, false);
        for (back, fails) in calls {
            let op = if back { Op::Compensation } else { Op::Action };
            let work = async || if fails { Err(Status::internal("told to")) } else { Ok(()) };
            let outcome = runtime.block_on(barrier.guard(&request("a", op), work));
            going_back |= back;
            match outcome {
                Ok(Outcome::Run(())) if back => compensated += 1,
                Ok(Outcome::Run(())) => {
                    prop_assert!(!going_back, "an action after its compensation");
                    acted += 1;
                }
                Ok(Outcome::Nothing) => prop_assert!(back && acted == 0 && !forgetful),
                Ok(Outcome::AlreadyDone) if back => prop_assert!(going_back),
                Ok(Outcome::AlreadyDone) => prop_assert_eq!(acted, 1),
                Err(_) => {}
            }
            prop_assert!(acted <= 1 && compensated <= 1);
        }
    }
}
