//! Control: listeners, operators and new configurations that meet a breaker at work.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// Seen in gobreaker (the callback is called under the mutex).
/// The wedge suite's `callback that reads the state`.
#[test]
fn a_listener_may_ask_and_even_force_the_breaker() {
    let (breaker, now) = hair_trigger(|_| {});
    let handle = Handle::new(Arc::clone(&breaker));
    let inner = handle.clone();
    let _subscription = handle.subscribe(move |event| {
        assert_eq!(inner.state(), event.to);
        assert_eq!(inner.counts(event.at).rejected, 0);
        if event.to == State::Open {
            inner.force_closed(event.at);
        }
    });
    call(&breaker, now, Verdict::Failure);
    assert_eq!(handle.state(), State::ForcedClosed);
}

/// Seen in resilience4j #2151.
/// Seen in tower-resilience (locks and a sleep in readiness).
#[test]
fn calls_flow_while_somebody_holds_the_lock_of_changes() {
    let (breaker, now) = hair_trigger(|_| {});
    let changing = breaker.history();
    call(&breaker, now, Verdict::Success);
    drop(changing);
    assert_eq!(breaker.counts(now).successes, 1);
}

/// Seen in resilience4j #299 #546 #850 #1749 #1960 #2181.
/// The wedge suite's `configuration swapped in each state`.
#[test]
fn a_new_configuration_holds_in_whatever_state_it_comes() {
    let mild = |breaker: &Breaker| Config {
        failure_rate_threshold: 90.0,
        minimum_number_of_calls: 2,
        consecutive_failures: 0,
        permitted_number_of_calls_in_half_open_state: 2,
        ..Config::clone(&breaker.config())
    };
    let (closed, t0) = hair_trigger(|config| config.consecutive_failures = 0);
    (0..10).for_each(|_| call(&closed, t0, Verdict::Failure));
    closed.reconfigure(mild(&closed), t0).expect("valid");
    assert_eq!(closed.state(), State::Closed, "it does not open by itself");
    assert_eq!(closed.counts(t0).window.failed, 10, "the window is kept");
    call(&closed, t0, Verdict::Success);
    assert_eq!(closed.state(), State::Open, "the next outcome is judged");

    let (waiting, t0) = hair_trigger(|_| {});
    let now = open(&waiting, t0);
    waiting.reconfigure(mild(&waiting), t0).expect("valid");
    let refusal = waiting.admit(t0).expect_err("a refusal");
    assert_eq!(refusal.retry_in, Some(WAIT), "the wait is kept");

    // Half open: two are asked for, then one, which has been there already.
    call(&waiting, now, Verdict::Success);
    assert_eq!(waiting.state(), State::HalfOpen);
    let fewer = Config {
        permitted_number_of_calls_in_half_open_state: 1,
        ..mild(&waiting)
    };
    waiting.reconfigure(fewer, now).expect("valid");
    call(&waiting, now, Verdict::Success);
    assert_eq!(waiting.state(), State::Closed);
}

/// Seen in resilience4j #850 #2181.
#[test]
fn a_wrong_configuration_changes_nothing() {
    let (breaker, now) = hair_trigger(|_| {});
    let before = breaker.config();
    let wrong = Config {
        consecutive_failures: 9,
        failure_rate_threshold: 0.0,
        ..Config::clone(&before)
    };
    breaker.reconfigure(wrong, now).expect_err("a mistake");
    assert_eq!(*breaker.config(), *before);
    call(&breaker, now, Verdict::Failure);
    assert_eq!(breaker.state(), State::Open);
}

/// Every mode can be reached from every other, and none of them undoes what an operator decided.
///
/// Seen in resilience4j #562 #646.
#[test]
fn modes_change_by_configuration_unless_an_operator_decided() {
    let (breaker, now) = hair_trigger(|_| {});
    let modes = [
        (Mode::Disabled, State::Disabled),
        (Mode::ForcedOpen, State::ForcedOpen),
        (Mode::ForcedClosed, State::ForcedClosed),
        (Mode::MetricsOnly, State::MetricsOnly),
        (Mode::AdaptiveThrottle, State::Throttling),
        (Mode::Enforce, State::Closed),
    ];
    let set = |mode| {
        let config = Config {
            mode,
            ..Config::clone(&breaker.config())
        };
        breaker.reconfigure(config, now).expect("valid");
    };
    for (from, _) in modes {
        for (to, state) in modes {
            set(from);
            set(to);
            assert_eq!(breaker.state(), state);
        }
    }
    let handle = Handle::new(Arc::clone(&breaker));
    handle.force_open(now);
    set(Mode::MetricsOnly);
    assert_eq!(breaker.state(), State::ForcedOpen);
    handle.reset(now);
    assert_eq!(breaker.state(), State::MetricsOnly);
}

#[test]
fn isolation_lasts_as_long_as_its_last_guard_and_gives_back_what_was() {
    #[expect(clippy::disallowed_methods, reason = "guards end by a clock")]
    let clock: fn() -> Instant = || Instant::now();
    let (breaker, now) = hair_trigger(|_| {});
    let handle = Handle::new(Arc::clone(&breaker));
    open(&breaker, now);
    let guards = (handle.isolate(clock), handle.isolate(clock));
    drop(guards.0);
    handle.reset(now);
    handle.force_closed(now);
    assert_eq!(breaker.state(), State::ForcedOpen);
    drop(guards.1);
    assert_eq!(breaker.state(), State::ForcedClosed, "forced meanwhile");

    handle.reset(now);
    let due = open(&breaker, now);
    drop(handle.isolate(clock));
    let refusal = breaker.admit(now).expect_err("a refusal");
    assert_eq!((refusal.state, refusal.retry_in), (State::Open, Some(WAIT)));
    call(&breaker, due, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
}

/// A permit that is dropped by a panic is one that is given up.
/// The wedge suite's `panic in a handler`.
#[test]
fn a_panic_during_a_probe_frees_its_place() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _probe = breaker.admit(now).expect("a probe");
        panic!("in a handler");
    }));
    assert!(panicked.is_err());
    call(&breaker, now, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
}

/// The throttle has no half-open state to be stuck in.
#[test]
fn a_throttle_refuses_the_excess_lets_one_out_a_second_and_recovers_by_itself() {
    let (breaker, t0) = hair_trigger(|config| {
        config.mode = Mode::AdaptiveThrottle;
        config.throttle.max = 1.0;
    });
    let let_out = |calls, now, verdict| {
        let permits = (0..calls).filter_map(|_| breaker.admit(now).ok());
        permits.map(|permit| permit.complete(now, verdict)).count()
    };
    assert_eq!(let_out(20, t0, Verdict::Failure), 20);
    // 20 of 21, then more and more are refused: what is refused was asked for too.
    let few = let_out(50_000, t0, Verdict::Failure);
    assert!((1..3_000).contains(&few), "{few}");

    // The dice let out one in 50,000 now.
    for second in 1..5 {
        let now = t0 + Duration::from_secs(second);
        assert_eq!(let_out(10, now, Verdict::Failure), 1);
    }
    let well = t0 + Duration::from_secs(40);
    assert_eq!(let_out(1_000, well, Verdict::Success), 1_000);
    assert_eq!(breaker.state(), State::Throttling);
}
