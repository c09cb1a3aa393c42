//! Edges: the last value at which something holds, and the first at which it does not.

use std::sync::Mutex;
use std::time::Duration;

use super::super::*;
use super::{breaker, call};

const SECOND: Duration = Duration::from_secs(1);

fn fail(breaker: &Breaker, now: Instant) {
    call(breaker, now, Verdict::Failure);
}

/// How long a breaker rests that opened as a peer asked for `asked`.
fn rest(asked: Duration, change: impl FnOnce(&mut Config)) -> Duration {
    let (breaker, now) = breaker(|config| {
        config.consecutive_failures = 1;
        change(config);
    });
    let permit = breaker.admit(now).expect("a call");
    permit.fail(now, Some(asked));
    let refusal = breaker.admit(now).expect_err("a refusal");
    refusal.retry_in.expect("a time")
}

#[test]
fn it_rests_for_as_long_as_the_peer_asked_if_that_is_heard_and_more_than_nothing() {
    assert_eq!(rest(20 * SECOND, |_| {}), 20 * SECOND);
    assert_eq!(rest(Duration::ZERO, |_| {}), 5 * SECOND);
    let deaf = rest(20 * SECOND, |config| config.honor_pushback = false);
    assert_eq!(deaf, 5 * SECOND);
}

#[test]
fn a_thousand_calls_are_still_judged_one_by_one() {
    let (breaker, now) = breaker(|config| config.failure_rate_threshold = 0.15);
    (0..999).for_each(|_| call(&breaker, now, Verdict::Success));
    fail(&breaker, now);
    assert_eq!(breaker.state(), State::Closed, "one in a thousand");
    fail(&breaker, now);
    assert_eq!(breaker.state(), State::Open, "two in a thousand and one");
}

#[test]
fn an_observer_speaks_up_again_long_after_and_never_for_a_state_that_is_over() {
    let (breaker, t0) = breaker(|config| {
        config.mode = Mode::MetricsOnly;
        config.minimum_number_of_calls = 1;
    });
    let heard = Arc::new(Mutex::new(0));
    let listener = Arc::clone(&heard);
    let handle = Handle::new(Arc::clone(&breaker));
    let _subscription = handle.subscribe(move |event| {
        *listener.lock().unwrap() += u32::from(event.cause == event::Cause::FailureRate);
    });
    for second in [1, 2, 20, 21] {
        fail(&breaker, t0 + second * SECOND);
    }
    assert_eq!(*heard.lock().unwrap(), 2);

    let seen = breaker.load();
    handle.metrics_only(t0 + 60 * SECOND);
    breaker.speak_up(seen, t0 + 90 * SECOND, event::Cause::FailureRate);
    assert_eq!(*heard.lock().unwrap(), 2);
}

#[test]
fn a_call_whose_answer_came_in_time_is_not_slow_however_long_the_rest_takes() {
    let (breaker, now) = breaker(|config| config.slow_call_duration_threshold = Some(SECOND));
    let mut permit = breaker.admit(now).expect("a call");
    permit.answered(now + SECOND / 2);
    permit.complete(now + 10 * SECOND, Verdict::Success);
    assert_eq!(breaker.counts(now + 10 * SECOND).slow, 0);
}

#[test]
fn a_handle_shows_the_parameters_and_changes_them() {
    let (breaker, now) = breaker(|config| config.consecutive_failures = 7);
    let handle = Handle::new(breaker);
    assert_eq!(handle.config().consecutive_failures, 7);
    let config = Config {
        consecutive_failures: 8,
        ..Config::clone(&handle.config())
    };
    handle.reconfigure(config, now).expect("valid");
    assert_eq!(handle.config().consecutive_failures, 8);
}

/// Time alone takes the good calls out of the window; the breaker looks again when there is something new to see.
#[test]
fn a_window_that_slides_opens_nothing_until_another_call_is_bad() {
    let (breaker, now) = breaker(|config| config.slow_call_duration_threshold = Some(SECOND));
    (0..25).for_each(|_| call(&breaker, now, Verdict::Success));
    let soon = now + 5 * SECOND;
    (0..20).for_each(|_| fail(&breaker, soon));
    let later = now + 12 * SECOND;
    let window = breaker.counts(later).window;
    assert_eq!((window.calls, window.failed), (20, 20));
    call(&breaker, later, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker, later);
    assert_eq!(breaker.state(), State::Open);
}

/// One bad probe of two, and one that is out but slow: half is too little to open, and nothing was good.
#[test]
fn without_a_good_probe_time_that_is_up_closes_nothing() {
    let config = Config {
        failure_rate_threshold: 60.0,
        slow_call_rate_threshold: 60.0,
        ..Config::default()
    };
    let bad = state::Outcome {
        failed: true,
        slow: false,
    };
    let word = state::Word::new(State::HalfOpen, 1)
        .launch(2)
        .expect("a place")
        .land(bad);
    let step = config.probed_in_time(word, 1);
    assert_eq!(
        (step.to, step.cause),
        (State::HalfOpen, event::Cause::ProbesLost)
    );
}

/// A breaker whose calls were all bad, so that it refuses up to `max` of them.
fn throttling(max: f32) -> (Arc<Breaker>, Instant) {
    let (breaker, now) = breaker(|config| {
        config.mode = Mode::AdaptiveThrottle;
        config.throttle.max = max;
    });
    (0..20).for_each(|_| fail(&breaker, now));
    (breaker, now)
}

#[test]
fn a_throttle_lets_out_the_share_that_it_does_not_refuse() {
    let (breaker, now) = throttling(0.5);
    let out = (0..1_000).filter(|_| breaker.admit(now).is_ok()).count();
    assert!((400..600).contains(&out), "{out}");
}

#[test]
fn a_throttle_that_begins_anew_refuses_nothing() {
    let (breaker, now) = throttling(1.0);
    assert!((0..20).any(|_| breaker.admit(now).is_err()));
    Handle::new(Arc::clone(&breaker)).reset(now);
    assert!((0..19).all(|_| breaker.admit(now).is_ok()));
}

#[test]
fn a_throttle_keeps_the_window_that_is_its_own() {
    let config = Config {
        mode: Mode::AdaptiveThrottle,
        ..Config::default()
    };
    assert_eq!(config.window(), Window::Time(config.throttle.window));
}
