//! Windows: calls that are not seen, are seen twice, or are never forgotten.

use std::sync::Barrier;
use std::thread;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Seen in tower-resilience (count window).
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

/// A minimum above the size of a count window would never be reached.
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

/// Seen in resilience4j #2334 #2379.
#[test]
fn a_window_of_one_call_bears_many_threads() {
    let (breaker, now) = hair_trigger(|config| {
        config.sliding_window = Window::Count(1);
        config.mode = Mode::ForcedClosed;
    });
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                (0..2_000).for_each(|_| call(&breaker, now, Verdict::Failure));
            });
        }
    });
    let counts = breaker.counts(now);
    assert_eq!((counts.failures, counts.window.calls), (16_000, 1));
}

/// Seen in hystrix-go (metrics are dropped when the channel is full).
#[test]
fn a_burst_of_calls_is_counted_to_the_last() {
    let (breaker, now) = hair_trigger(|config| config.mode = Mode::ForcedClosed);
    (0..100_000).for_each(|_| call(&breaker, now, Verdict::Success));
    (0..100_000).for_each(|_| call(&breaker, now, Verdict::Failure));
    let window = breaker.counts(now).window;
    assert_eq!((window.calls, window.failed), (200_000, 100_000));
}

/// Seen in failsafe-rs (a moving average hardly sees tight bursts).
#[test]
fn a_tight_burst_of_failures_is_as_visible_as_a_slow_one() {
    for pause in [Duration::ZERO, Duration::from_millis(100)] {
        let (breaker, mut now) = hair_trigger(|config| config.consecutive_failures = 0);
        for _ in 0..20 {
            assert_eq!(breaker.state(), State::Closed);
            call(&breaker, now, Verdict::Failure);
            now += pause;
        }
        assert_eq!(breaker.state(), State::Open);
    }
}

/// Seen in resilience4j #1597.
#[test]
fn a_peer_that_hangs_is_found_out_though_no_call_ever_ends() {
    let (breaker, t0) = hair_trigger(|config| config.slow_call_duration_threshold = Some(SECOND));
    let hung: Vec<_> = (0..20)
        .map(|_| breaker.admit(t0).expect("a call"))
        .collect();
    assert_eq!(breaker.counts(t0 + SECOND).window.calls, 0);
    let refusal = breaker.admit(t0 + 2 * SECOND).expect_err("a refusal");
    assert_eq!(refusal.state, State::Open);
    assert_eq!(breaker.counts(t0).slow, 0, "none has ended");
    drop(hung);
}

/// While it is under way, and then its end takes its place.
///
/// Seen in resilience4j #1597.
#[test]
fn a_call_that_is_slow_under_way_is_counted_once() {
    let (breaker, t0) = hair_trigger(|config| {
        config.slow_call_duration_threshold = Some(SECOND);
        config.mode = Mode::ForcedClosed;
    });
    let ends = breaker.admit(t0).expect("a call");
    let is_left = breaker.admit(t0).expect("a call");
    let now = t0 + 3 * SECOND;
    let seen = |now| {
        let window = breaker.counts(now).window;
        (window.calls, window.slow, window.abandoned)
    };
    assert_eq!(seen(now), (2, 2, 0));
    ends.complete(now, Verdict::Success);
    assert_eq!(seen(now), (2, 2, 0));
    // A caller that left after so long has waited long enough to know.
    is_left.abandon(now);
    assert_eq!(seen(now), (2, 2, 0));
    assert_eq!(seen(now + 10 * SECOND), (0, 0, 0));
}

/// Seen in resilience4j #682.
/// Seen in grpc-java #12834.
/// Seen in failsafe-rs (a dropped call is not recorded).
#[test]
fn a_cancelled_call_is_no_failure_unless_nobody_ever_waits_to_the_end() {
    let (breaker, now) = hair_trigger(|_| {});
    let leave = |times| (0..times).for_each(|_| breaker.admit(now).expect("a call").abandon(now));
    call(&breaker, now, Verdict::Success);
    leave(1_000);
    assert_eq!(breaker.state(), State::Closed);
    Handle::new(Arc::clone(&breaker)).reset(now);
    leave(19);
    assert_eq!(breaker.state(), State::Closed);
    leave(1);
    assert_eq!(breaker.state(), State::Open);
}

/// Seen in linkerd2 (permission denied is counted as a failure) #2126.
#[test]
fn what_the_caller_did_wrong_never_opens_it() {
    use tonic::Code;
    let config = Config::default();
    for code in [
        Code::PermissionDenied,
        Code::Unauthenticated,
        Code::NotFound,
        Code::InvalidArgument,
        Code::Unimplemented,
    ] {
        assert_eq!(config.verdict(code), Verdict::Success, "{code:?}");
    }
}
