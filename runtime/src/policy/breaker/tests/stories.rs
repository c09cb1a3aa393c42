//! The breaker's claims, one story each.

use std::sync::Mutex;
use std::time::Duration;

use super::super::*;
use super::{breaker, call};

const WAIT: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);

/// A breaker that opens on the first failure and asks for three probes.
fn hair_trigger() -> (Arc<Breaker>, Instant) {
    breaker(|config| {
        config.consecutive_failures = 1;
        config.permitted_number_of_calls_in_half_open_state = 3;
    })
}

fn fail(breaker: &Breaker, now: Instant) {
    call(breaker, now, Verdict::Failure);
}

fn succeed(breaker: &Breaker, now: Instant) {
    call(breaker, now, Verdict::Success);
}

fn refused(breaker: &Breaker, now: Instant) -> Rejected {
    breaker.admit(now).expect_err("a refusal")
}

#[test]
fn opens_at_the_failure_rate_but_not_before_there_are_enough_calls() {
    let (breaker, now) = breaker(|_| {});
    // 19 failures are 100 %, of too few calls ...
    (0..19).for_each(|_| fail(&breaker, now));
    assert_eq!(breaker.state(), State::Closed);
    // ... and the twentieth call makes them count.
    fail(&breaker, now);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(refused(&breaker, now).retry_in, Some(WAIT));
}

#[test]
fn the_end_of_a_success_is_timed_where_calls_may_be_slow_and_where_probes_are_out() {
    let (usual, now) = breaker(|_| {});
    assert!(!usual.admit(now).unwrap().is_timed());
    let (watching, now) = breaker(|config| config.slow_call_duration_threshold = Some(SECOND));
    assert!(watching.admit(now).unwrap().is_timed());
    let (probing, now) = hair_trigger();
    fail(&probing, now);
    assert!(probing.admit(now + WAIT * 2).unwrap().is_timed());
}

#[test]
fn a_rate_below_the_threshold_is_borne_for_ever() {
    let (breaker, now) = breaker(|_| {});
    for _ in 0..1_000 {
        succeed(&breaker, now);
        succeed(&breaker, now);
        fail(&breaker, now);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn under_load_it_looks_once_a_millisecond_and_opens_no_later_than_that() {
    let (breaker, now) = breaker(|_| {});
    (0..1_000).for_each(|_| succeed(&breaker, now));
    // The failure that is looked at says that all is well; those that follow at once are not.
    (0..1_001).for_each(|_| fail(&breaker, now));
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker, now + Duration::from_millis(1));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn opens_on_the_third_failure_in_a_row_and_closes_when_the_probes_are_good() {
    let (breaker, t0) = breaker(|config| {
        config.consecutive_failures = 3;
        config.permitted_number_of_calls_in_half_open_state = 3;
    });
    // A success between them forgives failures ...
    fail(&breaker, t0);
    fail(&breaker, t0);
    succeed(&breaker, t0);
    fail(&breaker, t0);
    fail(&breaker, t0);
    assert_eq!(breaker.state(), State::Closed);
    // ... but three in a row are too many.
    fail(&breaker, t0);
    assert_eq!(refused(&breaker, t0 + SECOND).retry_in, Some(4 * SECOND));

    // After the wait one probe goes out, and everyone else waits for it.
    let t1 = t0 + WAIT;
    let probe = breaker.admit(t1).expect("a probe");
    assert_eq!(refused(&breaker, t1).state, State::HalfOpen);
    probe.complete(t1, Verdict::Success);

    // It was good, so two may go; they are good too, and the breaker is as good as new.
    let probes = [
        breaker.admit(t1).expect("a probe"),
        breaker.admit(t1).expect("a probe"),
    ];
    refused(&breaker, t1);
    for probe in probes {
        probe.complete(t1, Verdict::Success);
    }
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.counts(t1).window, Totals::default());
}

#[test]
fn slow_calls_open_it_even_if_they_succeed() {
    let (breaker, t0) = breaker(|config| {
        config.slow_call_duration_threshold = Some(SECOND);
        config.slow_call_rate_threshold = 50.0;
        config.minimum_number_of_calls = 2;
    });
    succeed(&breaker, t0);
    let slow = breaker.admit(t0).expect("an admitted call");
    slow.complete(t0 + SECOND, Verdict::Success);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.counts(t0 + SECOND).slow, 1);
}

#[test]
fn waits_grow_while_probes_fail_and_shrink_again_as_windows_pass_closed() {
    let (breaker, t0) = hair_trigger();
    let mut now = t0;
    fail(&breaker, now);
    // Two bad probes of three are a rate that cannot get well again.
    for wait in [5, 10, 20, 40, 60, 60] {
        assert_eq!(refused(&breaker, now).retry_in, Some(wait * SECOND));
        now += wait * SECOND;
        fail(&breaker, now);
        fail(&breaker, now);
    }
    now += 60 * SECOND;
    (0..3).for_each(|_| succeed(&breaker, now));

    // Seven waits in a row; five windows of ten seconds forgive five of them.
    now += 50 * SECOND;
    fail(&breaker, now);
    assert_eq!(refused(&breaker, now).retry_in, Some(20 * SECOND));
}

#[test]
fn jitter_spreads_the_waits_of_different_seeds() {
    let (_, now) = breaker(|_| {});
    let config = Config {
        consecutive_failures: 1,
        ..Config::default()
    };
    let wait = |seed| {
        let breaker = Breaker::new(config.clone(), now, seed).expect("a config that makes sense");
        fail(&breaker, now);
        refused(&breaker, now).retry_in.expect("a wait")
    };
    let waits: Vec<_> = (0..100).map(wait).collect();
    assert!(
        waits
            .iter()
            .all(|wait| (4 * SECOND..=6 * SECOND).contains(wait))
    );
    assert!(waits.iter().any(|wait| *wait < WAIT) && waits.iter().any(|wait| *wait > WAIT));
}

#[test]
fn forced_states_are_kept_until_a_reset() {
    let (breaker, t0) = hair_trigger();
    let handle = Handle::new(Arc::clone(&breaker));

    handle.force_open(t0);
    let later = t0 + 3_600 * SECOND;
    let refusal = refused(&breaker, later);
    assert_eq!((refusal.state, refusal.retry_in), (State::ForcedOpen, None));
    assert_eq!(refusal.to_string(), "circuit breaker is forced open");

    handle.force_closed(later);
    (0..100).for_each(|_| fail(&breaker, later));
    assert_eq!(handle.state(), State::ForcedClosed);
    assert_eq!(handle.counts(later).window.failed, 100);

    handle.disable(later);
    let before = handle.counts(later);
    (0..100).for_each(|_| fail(&breaker, later));
    drop(breaker.admit(later));
    assert_eq!(handle.counts(later), before);

    handle.reset(later);
    assert_eq!(
        (handle.state(), handle.counts(later).window),
        (State::Closed, Totals::default())
    );
    fail(&breaker, later);
    assert_eq!(
        refused(&breaker, later).to_string(),
        "circuit breaker is open; retry in 5.0s"
    );
}

#[test]
fn an_observer_refuses_nothing_and_tells_when_it_would_have_opened() {
    let (breaker, t0) = breaker(|config| {
        config.mode = Mode::MetricsOnly;
        config.minimum_number_of_calls = 2;
    });
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let _subscription = Handle::new(Arc::clone(&breaker)).subscribe(move |event| {
        listener
            .lock()
            .unwrap()
            .push((event.from, event.to, event.cause, event.window.failed));
    });

    (0..100).for_each(|_| fail(&breaker, t0));
    // Once for the time that it would have been open, and then again.
    (0..100).for_each(|_| fail(&breaker, t0 + WAIT));
    let would_open = |failed| {
        (
            State::MetricsOnly,
            State::MetricsOnly,
            Cause::FailureRate,
            failed,
        )
    };
    assert_eq!(
        *heard.lock().expect("no panic"),
        [would_open(2), would_open(101)]
    );
}

#[test]
fn events_tell_what_happened_and_why_until_the_subscription_ends() {
    let (breaker, t0) = hair_trigger();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let handle = Handle::new(Arc::clone(&breaker));
    let subscription = handle.subscribe(move |event| {
        listener
            .lock()
            .unwrap()
            .push((event.generation, event.to, event.cause));
    });
    fail(&breaker, t0);
    (0..3).for_each(|_| succeed(&breaker, t0 + WAIT));
    let told = [
        (1, State::Open, Cause::ConsecutiveFailures),
        (2, State::HalfOpen, Cause::WaitOver),
        (3, State::Closed, Cause::ProbesPassed),
    ];
    assert_eq!(*heard.lock().expect("no panic"), told);

    drop(subscription);
    handle.force_open(t0);
    assert_eq!(heard.lock().expect("no panic").len(), 3);
}

#[test]
fn a_permit_can_live_as_long_as_a_stream() {
    let (breaker, t0) = hair_trigger();
    let permit: OwnedPermit = breaker.admit_owned(t0).expect("an admitted call");
    let stream = std::thread::spawn(move || permit.complete(t0 + SECOND, Verdict::Failure));
    stream.join().expect("no panic");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn every_admitted_call_is_counted_once() {
    let (breaker, t0) = breaker(|_| {});
    succeed(&breaker, t0);
    fail(&breaker, t0);
    call(&breaker, t0, Verdict::Ignored);
    drop(breaker.admit(t0));
    let late = breaker.admit(t0);
    Handle::new(Arc::clone(&breaker)).force_open(t0);
    late.expect("an admitted call")
        .complete(t0, Verdict::Failure);
    refused(&breaker, t0);

    let counts = breaker.counts(t0);
    assert_eq!(
        [counts.successes, counts.failures, counts.ignored],
        [1, 1, 1]
    );
    assert_eq!([counts.abandoned, counts.stale, counts.rejected], [1, 1, 1]);
}

#[test]
fn a_breaker_is_not_made_of_a_senseless_config() {
    let (breaker, now) = breaker(|_| {});
    let mut config = Config::clone(&breaker.config());
    config.minimum_number_of_calls = 0;
    assert!(matches!(
        Breaker::new(config, now, 0),
        Err(ConfigError::Calls { .. })
    ));
}
