//! Probes that tell nothing, and whose places are free again.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
};

use futures_util::FutureExt;

use super::*;
use crate::call::{Frame, Source};

/// Fails the calls of a stack until its breaker opens, and waits until that lets a probe out.
async fn half_open<I>(stack: &Breaker<I>, method: &'static Method) {
    let breaker = stack.breakers.of(method);
    for _ in 0..20 {
        let permit = breaker.admit(clock::now()).unwrap();
        permit.complete(clock::now(), Verdict::Failure);
    }
    tokio::time::advance(Duration::from_secs(7)).await;
}

/// The wedge suite's `probe dropped after its headers`.
#[tokio::test(start_paused = true)]
async fn a_probe_whose_answer_is_left_unread_frees_its_place() {
    struct Silent;
    impl Source for Silent {
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame, Status>>> {
            Poll::Pending
        }
    }
    let stack = guarding(Handler(|_| async {
        Ok(Reply::new(Body::Many(Frames::new(Silent))))
    }));
    let repeat = &ECHO.methods[1];
    half_open(&stack, repeat).await;
    let breaker = stack.breakers.of(repeat);
    let call = Call {
        method: repeat,
        ..say(&ECHO, "hi")
    };
    let probe = stack.invoke(call).await.unwrap();
    assert!(breaker.admit(clock::now()).is_err(), "the probe is out");
    drop(probe);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.admit(clock::now()).is_ok());
}

/// The wedge suite's `probe cancelled because another attempt won`.
#[tokio::test(start_paused = true)]
async fn a_probe_that_another_attempt_beat_frees_its_place() {
    let stack = guarding(Handler(|_| pending()));
    half_open(&stack, &ECHO.methods[0]).await;
    let breaker = stack.breakers.of(&ECHO.methods[0]);
    let race = Arc::new(Race::default());
    let mut call = say(&ECHO, "hi");
    call.attempt.race = Some(Arc::clone(&race));
    {
        let mut probe = pin!(stack.invoke(call));
        assert!(probe.as_mut().now_or_never().is_none());
        assert!(breaker.admit(clock::now()).is_err(), "the probe is out");
        race.lose();
    }
    assert_eq!(state(&stack), State::HalfOpen);
    assert!(breaker.admit(clock::now()).is_ok());
}
