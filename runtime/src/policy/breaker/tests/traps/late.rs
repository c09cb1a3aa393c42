//! Late: what comes back from an earlier state, and is taken for news.

use super::*;

/// Seen in tower-resilience (stale results count in half open).
/// Seen in linkerd2-proxy (a straggler's class decides probation).
/// Seen in hystrix-go (a stale success closes).
/// Seen in seatbelt (results of an older closed epoch).
/// The wedge suite's `straggler that succeeds in half open`, `straggler that fails in half open`.
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

/// Seen in seatbelt (probe results of an older cycle).
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

/// Seen in resilience4j #674.
/// The wedge suite's `force during half open`.
#[test]
fn a_force_during_half_open_is_not_undone_by_its_probe() {
    let (breaker, now) = hair_trigger(|_| {});
    let now = open(&breaker, now);
    let probe = breaker.admit(now).expect("a probe");
    Handle::new(Arc::clone(&breaker)).force_open(now);
    probe.complete(now, Verdict::Success);
    assert_eq!(breaker.state(), State::ForcedOpen);
}
