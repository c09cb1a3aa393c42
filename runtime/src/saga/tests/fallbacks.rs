//! Steps and compensations that a fallback answers: what counts is what it stands in for.

use std::sync::{Arc, Mutex};

use tonic::{Code, Request, Response};

use super::{CONTRACT, Fate, Peer};
use crate::{
    call::Mark,
    layer::fallback::{Fallback, Falling},
    saga::{Op, Saga},
};

/// A peer in front of which a fallback answers whatever failed.
fn falling(peer: &Peer) -> Arc<Falling<Peer>> {
    let invented = |_: Request<String>, _| async { Ok(Response::new("invented".to_owned())) };
    let fallback = Arc::new(Fallback::closure("test.Echo/Say", invented));
    let (room, counts) = (Arc::default(), Arc::default());
    let stack = Falling::new(peer.clone(), CONTRACT, &[fallback], room, counts);
    Arc::new(stack)
}

#[tokio::test]
async fn a_step_that_a_fallback_answers_is_in_doubt_and_taken_back() {
    let peer = Peer::new(|id| match id.op {
        Op::Action => Fate::Lost(Code::DeadlineExceeded),
        Op::Compensation => Fate::Works,
    });
    let body = peer.clone();
    let run = Saga::new("invented").run(move |mut saga| async move {
        let stack = falling(&body);
        let answer = saga.step(body.step_over(&stack, "1")).await;
        assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
        Ok(())
    });
    let aborted = run.await.unwrap_err();
    assert_eq!(aborted.status.code(), Code::DeadlineExceeded);
    assert_eq!(peer.ran(Op::Compensation), [(1, "undo 1".to_owned())]);
}

#[tokio::test]
async fn a_step_that_was_not_sent_did_not_run_whatever_a_fallback_answers() {
    let peer = Peer::new(|id| match id.step {
        1 => Fate::Marked(Code::Unavailable, Mark::Refused),
        _ => Fate::Works,
    });
    let body = peer.clone();
    let run = Saga::new("refused").run(move |mut saga| async move {
        let stack = falling(&body);
        let first = saga.step(body.step_over(&stack, "by card")).await;
        assert_eq!(first.unwrap_err().code(), Code::Unavailable);
        saga.step(body.step_over(&stack, "by invoice")).await
    });
    assert_eq!(run.await.unwrap().get_ref(), "by invoice");
    assert!(peer.ran(Op::Compensation).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_compensation_that_a_fallback_answers_is_tried_again() {
    let fates = Mutex::new(vec![Fate::Works, Fate::Fails(Code::Unavailable)]);
    let peer = Peer::new(move |id| match id.op {
        Op::Action => Fate::Lost(Code::Unknown),
        Op::Compensation => fates.lock().unwrap().pop().expect("two tries"),
    });
    let body = peer.clone();
    let run = Saga::new("stubborn").run(move |mut saga| async move {
        let stack = falling(&body);
        saga.step(body.step_over(&stack, "1")).await.map(drop)
    });
    run.await.unwrap_err();
    assert_eq!(peer.ran(Op::Compensation), [(1, "undo 1".to_owned())]);
}
