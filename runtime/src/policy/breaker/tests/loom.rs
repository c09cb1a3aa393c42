//! Every way in which a few threads can meet, one small model for each promise of the packed words.
//!
//! Up to three preemptions in each: more find nothing new in models of two threads, and take hours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::loom::{model::Builder, thread};

use super::super::flight::Flight;
use super::super::state::Outcome;
use super::super::window::Sliding;
use super::super::*;
use super::{breaker, call};

const WAIT: Duration = Duration::from_secs(5);
const SECOND: u64 = 1_000_000_000;
const BAD: Outcome = Outcome {
    failed: true,
    slow: false,
};

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.max_branches = 10_000;
    builder.check(model);
}

/// Opens on the first failure; its window is as small as can be, so that there is less to meet at. One call was made: loom
/// does not know how the standard library publishes what a thread makes at its first.
fn small(change: impl FnOnce(&mut Config)) -> (Arc<Breaker>, Instant) {
    let (breaker, now) = breaker(|config| {
        config.sliding_window = Window::Count(1);
        config.consecutive_failures = 1;
        config.permitted_number_of_calls_in_half_open_state = 1;
        change(config);
    });
    call(&breaker, now, Verdict::Success);
    (breaker, now)
}

#[test]
fn of_two_who_ask_an_open_breaker_one_gets_the_probe_and_it_is_half_open_once() {
    explore(|| {
        let (breaker, now) = small(|_| {});
        call(&breaker, now, Verdict::Failure);
        let other = Arc::clone(&breaker);
        let asking = thread::spawn(move || other.admit_owned(now + WAIT));
        let mine = breaker.admit_owned(now + WAIT);
        let its = asking.join().expect("no panic");
        assert_eq!(mine.is_ok() as u32 + its.is_ok() as u32, 1);
        let word = breaker.load();
        assert_eq!((word.state(), word.generation()), (State::HalfOpen, 2));
        assert_eq!(word.in_flight(), 1);
    });
}

#[test]
fn a_probe_that_is_dropped_and_one_that_is_completed_are_each_counted_once() {
    explore(|| {
        let (breaker, now) =
            small(|config| config.permitted_number_of_calls_in_half_open_state = 3);
        call(&breaker, now, Verdict::Failure);
        let now = now + WAIT;
        call(&breaker, now, Verdict::Success);
        let dropped = breaker.admit_owned(now).expect("a probe");
        let completed = breaker.admit_owned(now).expect("a probe");
        let dropping = thread::spawn(move || drop(dropped));
        completed.complete(now, Verdict::Success);
        dropping.join().expect("no panic");
        let word = breaker.load();
        assert_eq!((word.in_flight(), word.completed()), (0, 2));
        let counts = breaker.counts(now);
        assert_eq!((counts.abandoned, counts.successes), (1, 3));
    });
}

#[test]
fn the_last_good_probe_and_a_force_do_not_undo_each_other() {
    explore(|| {
        let (breaker, now) = small(|_| {});
        call(&breaker, now, Verdict::Failure);
        let probe = breaker.admit_owned(now + WAIT).expect("a probe");
        let landing = thread::spawn(move || probe.complete(now + WAIT, Verdict::Success));
        breaker.force(now + WAIT, State::ForcedOpen);
        landing.join().expect("no panic");
        assert_eq!(breaker.state(), State::ForcedOpen);
    });
}

#[test]
fn who_sees_it_open_sees_until_when() {
    explore(|| {
        let (breaker, now) = small(|_| {});
        let other = Arc::clone(&breaker);
        let failing = thread::spawn(move || call(&other, now, Verdict::Failure));
        match breaker.admit(now) {
            Ok(permit) => assert_eq!(permit.generation(), 0, "it was closed"),
            Err(refusal) => {
                assert_eq!((refusal.state, refusal.retry_in), (State::Open, Some(WAIT)))
            }
        }
        failing.join().expect("no panic");
    });
}

#[test]
fn a_new_limit_holds_for_the_next_failure_whoever_fails_meanwhile() {
    explore(|| {
        let (breaker, now) = small(|config| {
            config.consecutive_failures = 0;
            config.sliding_window = Window::Count(2);
        });
        let other = Arc::clone(&breaker);
        let fail = move |breaker: &Breaker| {
            // Refused, if the other one was enough.
            if let Ok(permit) = breaker.admit(now) {
                permit.complete(now, Verdict::Failure);
            }
        };
        let failing = thread::spawn(move || fail(&other));
        let mut config = Config::clone(&breaker.config());
        config.consecutive_failures = 1;
        breaker.reconfigure(config, now).expect("valid");
        fail(&breaker);
        failing.join().expect("no panic");
        assert_eq!(breaker.state(), State::Open);
    });
}

#[test]
fn a_mode_that_changes_under_a_failure_is_the_one_that_stays() {
    explore(|| {
        let (breaker, now) = small(|_| {});
        let permit = breaker.admit_owned(now).expect("a call");
        let failing = thread::spawn(move || permit.complete(now, Verdict::Failure));
        let mut config = Config::clone(&breaker.config());
        config.mode = Mode::ForcedClosed;
        breaker.reconfigure(config, now).expect("valid");
        failing.join().expect("no panic");
        assert_eq!(breaker.state(), State::ForcedClosed);
    });
}

#[test]
fn a_slot_that_two_take_over_at_once_loses_neither() {
    explore(|| {
        let window = Arc::new(Sliding::new(Window::Time(Duration::from_secs(10))));
        assert!(window.record(0, 0, BAD));
        let other = Arc::clone(&window);
        let recording = thread::spawn(move || assert!(other.record(0, 16 * SECOND, BAD)));
        assert!(window.record(0, 16 * SECOND, BAD));
        recording.join().expect("no panic");
        assert_eq!(window.totals(16 * SECOND).failed, 2);
    });
}

#[test]
fn what_was_recorded_before_a_clear_is_not_there_after_it() {
    for size in [Window::Count(1), Window::Time(Duration::from_secs(10))] {
        explore(move || {
            let window = Arc::new(Sliding::new(size));
            assert!(window.record(0, 0, BAD));
            let other = Arc::clone(&window);
            // It bounces or is cleared, as it comes.
            let recording = thread::spawn(move || {
                let _recorded = other.record(0, 0, BAD);
            });
            window.clear(1);
            recording.join().expect("no panic");
            assert_eq!(window.totals(0), Totals::default());
            assert!(window.record(1, 0, BAD));
            assert_eq!(window.totals(0).failed, 1);
        });
    }
}

#[test]
fn a_ring_keeps_what_two_record_at_once() {
    explore(|| {
        let window = Arc::new(Sliding::new(Window::Count(2)));
        assert!(window.record(0, 0, BAD));
        let other = Arc::clone(&window);
        let recording = thread::spawn(move || assert!(other.record(0, 0, BAD)));
        assert!(window.record(0, 0, BAD));
        recording.join().expect("no panic");
        assert_eq!(window.totals(0).failed, 2);
    });
}

#[test]
fn a_call_that_ends_as_its_slot_is_taken_over_is_no_longer_under_way() {
    explore(|| {
        let flight = Arc::new(Flight::new(Some(Duration::from_secs(8))));
        let seat = flight.enter(0).expect("a seat");
        let other = Arc::clone(&flight);
        let ending = thread::spawn(move || other.leave(seat));
        let _next = flight.enter(16 * SECOND).expect("a seat");
        ending.join().expect("no panic");
        assert_eq!(flight.late(40 * SECOND), 1);
    });
}
