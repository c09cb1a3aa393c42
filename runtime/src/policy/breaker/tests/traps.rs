//! The traps that breakers in the field fell into, one test each.

use std::mem;
use std::time::Duration;

use super::super::*;
use super::{breaker, call};

const WAIT: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(10);

/// A breaker that opens on the first failure and closes on one good probe, and its first instant.
fn hair_trigger(change: impl FnOnce(&mut Config)) -> (Arc<Breaker>, Instant) {
    breaker(|config| {
        config.consecutive_failures = 1;
        config.permitted_number_of_calls_in_half_open_state = 1;
        config.wait_duration_in_open_state = WAIT;
        config.max_wait_duration_in_half_open_state = LIMIT;
        change(config);
    })
}

/// Opens the breaker and waits until a probe may go out.
fn open(breaker: &Breaker, now: Instant) -> Instant {
    call(breaker, now, Verdict::Failure);
    assert_eq!(breaker.state(), State::Open);
    now + WAIT
}

/// tower-resilience 0.13: a count window that only grows needs a million failures to notice an outage.
#[test]
fn a_count_window_slides_so_a_million_successes_do_not_hide_an_outage() {
    let (breaker, now) = hair_trigger(|config| {
        config.consecutive_failures = 0;
        config.sliding_window = Window::Count(100);
    });
    (0..1_000_000).for_each(|_| call(&breaker, now, Verdict::Success));
    (0..49).for_each(|_| call(&breaker, now, Verdict::Failure));
    assert_eq!(breaker.state(), State::Closed);
    call(&breaker, now, Verdict::Failure);
    assert_eq!(breaker.state(), State::Open);
}

/// resilience4j: a minimum above the size of a count window would never be reached.
#[test]
fn a_count_window_shorter_than_the_minimum_is_enough_when_full() {
    let (breaker, now) = hair_trigger(|config| {
        config.consecutive_failures = 0;
        config.sliding_window = Window::Count(5);
    });
    (0..4).for_each(|_| call(&breaker, now, Verdict::Failure));
    assert_eq!(breaker.state(), State::Closed);
    call(&breaker, now, Verdict::Failure);
    assert_eq!(breaker.state(), State::Open);
}

/// Polly v8: an outcome that is not handled, such as a cancelled probe, closes the breaker.
#[test]
fn an_ignored_probe_neither_closes_nor_opens_and_frees_its_place() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    call(&breaker, now, Verdict::Ignored);
    assert_eq!(breaker.state(), State::HalfOpen);
    call(&breaker, now, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
}

/// linkerd2-proxy and Polly: a probe cancelled before its response leaves the breaker refusing for ever.
#[test]
fn a_dropped_probe_frees_its_place_at_once() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    drop(breaker.admit(now).expect("a probe"));
    assert_eq!(breaker.state(), State::HalfOpen);
    call(&breaker, now, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
}

/// gobreaker, linkerd2-proxy, resilience4j #935: a probe that hangs holds the half-open state for ever.
#[test]
fn a_probe_that_never_comes_back_is_replaced_when_its_time_is_up() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    let hung = breaker.admit(now).expect("a probe");
    let refusal = breaker.admit(now).expect_err("a refusal");
    assert_eq!(refusal.retry_in, Some(LIMIT));

    let now = now + LIMIT;
    let next = breaker.admit(now).expect("a new probe");
    // The old probe's failure is of an earlier generation and does not decide.
    hung.complete(now, Verdict::Failure);
    assert_eq!(breaker.state(), State::HalfOpen);
    next.complete(now, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.counts(now).stale, 1);
}

/// Even a permit that was leaked, so that nothing will ever complete or drop it, does not wedge.
#[test]
fn a_leaked_probe_does_not_wedge() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    mem::forget(breaker.admit(now).expect("a probe"));
    breaker.admit(now).expect_err("a refusal");
    call(&breaker, now + LIMIT, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn when_time_is_up_the_probes_that_came_back_decide() {
    for (verdict, decided) in [
        (Verdict::Success, State::Closed),
        (Verdict::Failure, State::Open),
    ] {
        let (breaker, now) =
            hair_trigger(|config| config.permitted_number_of_calls_in_half_open_state = 3);
        let now = open(&breaker, now);
        call(&breaker, now, verdict);
        let hung = breaker.admit(now).expect("a second probe");
        drop(breaker.admit(now + LIMIT));
        assert_eq!(breaker.state(), decided);
        hung.complete(now + LIMIT, Verdict::Success);
    }
}

/// tower-resilience, linkerd2-proxy, hystrix-go: a call from before the outage comes back and decides.
#[test]
fn a_straggler_decides_nothing_in_any_later_state() {
    let (breaker, t0) = hair_trigger(|_| {});
    let mut stragglers: Vec<_> = (0..6).map(|_| breaker.admit(t0).expect("a call")).collect();
    let mut late = |now, verdict| {
        stragglers
            .pop()
            .expect("a straggler")
            .complete(now, verdict)
    };

    let now = open(&breaker, t0);
    late(now, Verdict::Success);
    assert_eq!(breaker.state(), State::Open);

    let probe = breaker.admit(now).expect("a probe");
    late(now, Verdict::Success);
    late(now, Verdict::Failure);
    late(now, Verdict::Ignored);
    assert_eq!(breaker.state(), State::HalfOpen);
    breaker
        .admit(now)
        .expect_err("the one place is still taken");

    probe.complete(now, Verdict::Success);
    late(now, Verdict::Failure);
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.counts(now).stale, 5);
}

/// resilience4j: giving back a permit of the closed state makes room for one probe too many.
#[test]
fn a_straggler_that_is_dropped_makes_no_room_for_a_probe() {
    let (breaker, t0) = hair_trigger(|_| {});
    let straggler = breaker.admit(t0).expect("a call");
    let now = open(&breaker, t0);
    let _probe = breaker.admit(now).expect("a probe");
    drop(straggler);
    breaker
        .admit(now)
        .expect_err("the one place is still taken");
}

/// seatbelt: a probe of an earlier half-open cycle decides a later one.
#[test]
fn a_probe_of_an_earlier_cycle_decides_nothing() {
    let (breaker, t0) = hair_trigger(|_| {});
    let t1 = open(&breaker, t0);
    let early = breaker.admit(t1).expect("a probe");
    let t2 = t1 + LIMIT;
    call(&breaker, t2, Verdict::Failure);
    let t3 = t2 + 2 * WAIT;
    let _probe = breaker.admit(t3).expect("a probe of the second cycle");
    early.complete(t3, Verdict::Success);
    assert_eq!(breaker.state(), State::HalfOpen);
}

/// failsafe-rs: half open lets everything through.
#[test]
fn half_open_never_has_more_probes_out_than_permitted() {
    let (breaker, now) =
        hair_trigger(|config| config.permitted_number_of_calls_in_half_open_state = 4);
    let now = open(&breaker, now);
    call(&breaker, now, Verdict::Success);
    call(&breaker, now, Verdict::Success);
    call(&breaker, now, Verdict::Success);
    // Four at a time would fit the ramp, but three of the four have been.
    let _last = breaker.admit(now).expect("the fourth probe");
    breaker.admit(now).expect_err("a refusal");
}

/// gobreaker: a listener that reads the state deadlocks, because it is called under the lock.
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

/// A force in the middle of probing makes the probes stale, and their end does not undo it.
#[test]
fn a_force_during_half_open_is_not_undone_by_its_probe() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    let probe = breaker.admit(now).expect("a probe");
    Handle::new(Arc::clone(&breaker)).force_open(now);
    probe.complete(now, Verdict::Success);
    assert_eq!(breaker.state(), State::ForcedOpen);
}
