//! Half open: a breaker that never leaves it, leaves it for no reason, or lets too many out.

use std::mem;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use super::*;

/// Seen in Polly (an unhandled outcome closes).
/// Seen in Polly #99 #216 #239.
/// Seen in resilience4j #858.
/// The wedge suite's `probe with an ignored code`.
#[test]
fn an_ignored_probe_neither_closes_nor_opens_and_frees_its_place() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    call(&breaker, now, Verdict::Ignored);
    assert_eq!(breaker.state(), State::HalfOpen);
    call(&breaker, now, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
}

/// Seen in linkerd2-proxy (a probe that is cancelled before its headers).
/// Seen in Polly #223 #717 #1979.
/// Seen in resilience4j #903 #935 #994 #544.
/// The wedge suite's `probe dropped before its headers`.
#[test]
fn a_dropped_probe_frees_its_place_at_once() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    drop(breaker.admit(now).expect("a probe"));
    assert_eq!(breaker.state(), State::HalfOpen);
    call(&breaker, now, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
}

/// Seen in gobreaker (a hung probe).
/// Seen in Polly #311.
/// Seen in linkerd2-proxy (no timer in probation).
/// Seen in Polly (a probe that never completes).
/// The wedge suite's `probe that hangs`.
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

/// Not even a permit that nothing will ever complete or drop.
///
/// Seen in gobreaker #122.
#[test]
fn a_leaked_probe_does_not_wedge() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    mem::forget(breaker.admit(now).expect("a probe"));
    breaker.admit(now).expect_err("a refusal");
    call(&breaker, now + LIMIT, Verdict::Success);
    assert_eq!(breaker.state(), State::Closed);
}

/// Seen in Polly #254 #2381.
/// Seen in gobreaker #30 #49 #53.
/// Seen in gobreaker #28 #63.
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

/// A probe that hangs is slow, and says so before its time is up.
#[test]
fn a_probe_that_hangs_opens_again_as_soon_as_it_is_slow() {
    let second = Duration::from_secs(1);
    let (breaker, now) = hair_trigger(|config| config.slow_call_duration_threshold = Some(second));
    let now = open(&breaker, now);
    let hung = breaker.admit(now).expect("a probe");
    let refusal = breaker.admit(now + second).expect_err("a refusal");
    assert_eq!(refusal.state, State::HalfOpen);
    let refusal = breaker.admit(now + 2 * second).expect_err("a refusal");
    assert_eq!(refusal.state, State::Open);
    hung.complete(now + 3 * second, Verdict::Success);
    assert_eq!(breaker.state(), State::Open);
}

/// Seen in failsafe-rs (half open admits all).
/// Seen in recloser (half open admits all).
/// Seen in tower #855.
/// Seen in resilience4j #1432.
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

/// Seen in resilience4j #1090.
/// Seen in resilience4j (a permit from before makes room in half open).
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

/// Seen in tower-resilience #365.
/// Seen in gobreaker #91.
/// The wedge suite's `a thousand tasks race for the first probe`.
#[test]
fn of_a_thousand_who_race_for_the_first_probe_one_gets_it() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    let (start, admitted) = (Barrier::new(8), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                // Clones of what holds the breaker are no new breakers.
                let clones: Vec<_> = (0..125).map(|_| Arc::clone(&breaker)).collect();
                for permit in clones.iter().filter_map(|clone| clone.admit(now).ok()) {
                    admitted.fetch_add(1, SeqCst);
                    mem::forget(permit);
                }
            });
        }
    });
    assert_eq!(admitted.load(SeqCst), 1);
    assert_eq!(breaker.counts(now).rejected, 999);
}
