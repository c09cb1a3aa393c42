//! What must hold when many threads ask at once: probes are as few as permitted, and every call is counted.

use std::mem;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use super::super::*;
use super::{breaker, call};

const WAIT: Duration = Duration::from_secs(5);
const THREADS: usize = 16;

/// A breaker that is about to send probes.
fn due(permitted: u32) -> (Arc<Breaker>, Instant) {
    let (breaker, now) = breaker(|config| {
        config.consecutive_failures = 1;
        config.permitted_number_of_calls_in_half_open_state = permitted;
    });
    call(&breaker, now, Verdict::Failure);
    (breaker, now + WAIT)
}

/// Runs on all threads as nearly at once as can be.
fn race(run: impl Fn() + Sync) {
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                run();
            });
        }
    });
}

#[test]
fn of_all_who_race_for_the_first_probe_exactly_one_gets_it() {
    for _ in 0..100 {
        let (breaker, now) = due(10);
        let probes = AtomicU64::new(0);
        let changes = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&changes);
        let _subscription = Handle::new(Arc::clone(&breaker)).subscribe(move |_| {
            counter.fetch_add(1, SeqCst);
        });
        race(|| {
            for _ in 0..20 {
                if let Ok(permit) = breaker.admit(now) {
                    probes.fetch_add(1, SeqCst);
                    // Neither completed nor dropped, so its place stays taken.
                    mem::forget(permit);
                }
            }
        });
        assert_eq!((probes.load(SeqCst), changes.load(SeqCst)), (1, 1));
        assert_eq!(breaker.counts(now).rejected, THREADS as u64 * 20 - 1);
    }
}

#[test]
fn probes_that_come_and_go_are_never_more_than_the_ramp_allows() {
    for _ in 0..20 {
        let (breaker, now) = due(255);
        let (out, most) = (AtomicU64::new(0), AtomicU64::new(0));
        race(|| {
            for turn in 0..200 {
                let Ok(permit) = breaker.admit(now) else {
                    continue;
                };
                if breaker.state() == State::HalfOpen {
                    most.fetch_max(out.fetch_add(1, SeqCst) + 1, SeqCst);
                    thread::yield_now();
                    out.fetch_sub(1, SeqCst);
                }
                // No success, so the ramp stays at one probe at a time.
                match turn % 2 {
                    0 => drop(permit),
                    _ => permit.complete(now, Verdict::Ignored),
                }
            }
        });
        assert_eq!(most.load(SeqCst), 1);
        assert_eq!(breaker.state(), State::HalfOpen);
    }
}

#[test]
fn completed_probes_are_exactly_as_many_as_permitted() {
    for _ in 0..100 {
        let (breaker, now) = due(50);
        let probes = AtomicU64::new(0);
        race(|| {
            while breaker.state() != State::Closed {
                let Ok(permit) = breaker.admit(now) else {
                    continue;
                };
                if permit.generation() == 2 {
                    probes.fetch_add(1, SeqCst);
                }
                permit.complete(now, Verdict::Success);
            }
        });
        assert_eq!(probes.load(SeqCst), 50);
    }
}

#[test]
fn every_call_is_counted_once_while_the_state_changes_under_it() {
    let (breaker, now) = due(3);
    let handle = Handle::new(Arc::clone(&breaker));
    let (asked, turns) = (AtomicU64::new(0), 2_000);
    race(|| {
        for turn in 0..turns {
            asked.fetch_add(1, SeqCst);
            match (breaker.admit(now), turn % 50) {
                (Ok(permit), 0) => permit.complete(now, Verdict::Failure),
                (Ok(permit), 1) => drop(permit),
                (Ok(permit), _) => permit.complete(now, Verdict::Success),
                (Err(_), 2) => handle.reset(now),
                (Err(_), _) => {}
            }
        }
    });
    let counts = breaker.counts(now);
    let ends = [
        counts.successes,
        counts.failures,
        counts.ignored,
        counts.abandoned,
        counts.stale,
        counts.rejected,
    ];
    // One call was made before the race.
    assert_eq!(ends.iter().sum::<u64>(), asked.load(SeqCst) + 1);
}
