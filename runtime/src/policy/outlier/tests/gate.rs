//! The gate: shut at once, opened by one trial, held for ever by nothing.

use Outcome::{Declined, Failure, Ignored, Success};

use super::*;

/// One endpoint with a gate of five failures and waits of 1, 2, 4 ... seconds, among three healthy ones.
fn gated() -> Target {
    Target::new(4, |config| {
        let mut gate = Gate::default();
        gate.backoff.jitter = 0.0;
        config.gate = Some(gate);
    })
}

fn pass(target: &Target) -> Option<Pass> {
    target.endpoints[0].admit(target.now)
}

fn call(target: &Target, outcome: Outcome) {
    let pass = pass(target).expect("an open gate");
    pass.complete(target.now, outcome);
}

/// Shuts the gate, and waits until the first trial is due.
fn tripped() -> Target {
    let mut target = gated();
    (0..5).for_each(|_| call(&target, Failure));
    assert!(target.endpoints[0].is_shut());
    target.now += SECOND;
    target
}

#[test]
fn the_fifth_failure_in_a_row_shuts_it_and_a_good_trial_opens_it() {
    let mut target = gated();
    (0..4).for_each(|_| call(&target, Failure));
    call(&target, Declined);
    (0..4).for_each(|_| call(&target, Failure));
    assert!(!target.endpoints[0].is_shut(), "no is an answer");
    call(&target, Failure);
    assert!(pass(&target).is_none());

    target.now += SECOND - NANO;
    assert!(pass(&target).is_none());
    target.now += NANO;
    let trial = pass(&target).expect("the trial");
    assert!(trial.is_trial());
    assert!(pass(&target).is_none(), "one at a time");
    trial.complete(target.now, Success);
    assert!(!target.endpoints[0].is_shut());
    (0..4).for_each(|_| call(&target, Failure));
    assert!(!target.endpoints[0].is_shut(), "as good as new");
}

#[test]
fn each_trial_that_fails_makes_the_wait_longer() {
    let mut target = tripped();
    for wait in [2, 4, 8, 16, 32, 60, 60] {
        call(&target, Failure);
        target.now += wait * SECOND - NANO;
        assert!(pass(&target).is_none(), "{wait}");
        target.now += NANO;
    }
    call(&target, Success);
    // The next time it is short again.
    (0..5).for_each(|_| call(&target, Failure));
    target.now += SECOND;
    assert!(pass(&target).is_some());
}

/// Seen in linkerd2-proxy (a probe that is cancelled before its headers).
#[test]
fn a_trial_that_is_given_up_or_tells_nothing_is_followed_by_the_next() {
    let target = tripped();
    drop(pass(&target).expect("the trial"));
    call(&target, Ignored);
    call(&target, Success);
    assert!(!target.endpoints[0].is_shut());
}

/// Seen in gobreaker (a hung probe) and Polly (a probe that never completes).
#[test]
fn a_trial_that_hangs_holds_it_no_longer_than_its_limit() {
    let mut target = tripped();
    let hung = pass(&target).expect("the trial");
    target.now += 10 * SECOND - NANO;
    assert!(pass(&target).is_none());
    target.now += NANO;
    let second = pass(&target).expect("another trial");

    // What the first tells after all is too late to matter, for better or worse.
    hung.complete(target.now, Success);
    assert!(target.endpoints[0].is_shut());
    second.complete(target.now, Success);
    assert!(!target.endpoints[0].is_shut());
}

/// Seen in linkerd2-proxy (a straggler's class decides probation) and hystrix-go (a stale success closes).
#[test]
fn a_straggler_neither_opens_it_nor_shuts_it_again() {
    let mut target = gated();
    let stragglers: Vec<_> = (0..20).filter_map(|_| pass(&target)).collect();
    (0..5).for_each(|_| call(&target, Failure));
    let mut stragglers = stragglers.into_iter();
    let mut late = |target: &Target, outcome| {
        let straggler = stragglers.next().expect("another one");
        straggler.complete(target.now, outcome);
    };
    late(&target, Success);
    assert!(target.endpoints[0].is_shut());

    target.now += SECOND;
    call(&target, Success);
    (0..10).for_each(|_| late(&target, Failure));
    assert!(!target.endpoints[0].is_shut());
}

#[test]
fn all_gates_shut_is_no_gate_shut_and_the_trials_go_on() {
    let mut target = gated();
    for endpoint in &target.endpoints {
        for _ in 0..5 {
            if let Some(pass) = endpoint.admit(target.now) {
                pass.complete(target.now, Failure);
            }
        }
    }
    assert!(target.outlier.panics());
    let anyway = pass(&target).expect("a target that is all shut is used");
    assert!(!anyway.is_trial());
    anyway.complete(target.now, Failure);

    target.now += SECOND;
    for endpoint in &target.endpoints {
        let trial = endpoint.admit(target.now).expect("a trial");
        assert!(trial.is_trial());
        trial.complete(target.now, Success);
    }
    assert!(!target.outlier.panics());
    assert!(!target.outlier.snapshot().panics);
}

#[test]
fn a_gate_that_is_taken_away_lets_calls_pass() {
    let target = tripped();
    target.reconfigure(|config| config.gate = None);
    assert!(!target.endpoints[0].is_shut());
    (0..50).for_each(|_| call(&target, Failure));
    assert!(!target.endpoints[0].is_shut());
}

#[test]
fn gates_that_shut_together_are_not_tried_together() {
    let target = Target::new(40, |config| config.gate = Some(Gate::default()));
    let mut waits: Vec<u64> = Vec::new();
    for endpoint in &target.endpoints[..20] {
        for _ in 0..5 {
            let pass = endpoint.admit(target.now).expect("an open gate");
            pass.complete(target.now, Failure);
        }
        waits.push(endpoint.shut_until());
    }
    waits.sort_unstable();
    waits.dedup();
    assert_eq!(waits.len(), 20);
    assert!(waits[0] >= 800_000_000 && waits[19] <= 1_200_000_000);
}

#[test]
fn of_all_who_ask_at_once_one_has_the_trial() {
    for _ in 0..200 {
        let target = tripped();
        let start = std::sync::Barrier::new(4);
        let trials = std::thread::scope(|scope| {
            let ask = || {
                start.wait();
                pass(&target)
            };
            let callers: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            // All answers are held until the last is there, so that none frees its place.
            let passes: Vec<_> = callers.into_iter().map(|caller| caller.join()).collect();
            passes.iter().flatten().flatten().count()
        });
        assert_eq!(trials, 1);
    }
}
