//! What A50 leaves open, what is added to it, and what others get wrong.

use Outcome::{Declined, Failure, Ignored, Success};
use tonic::{Code, Status};

use super::*;
use crate::call::Mark;

/// Finds by failure percentage, from five calls on.
fn failing(size: usize, change: impl FnOnce(&mut Config)) -> Target {
    Target::new(size, |config| {
        config.max_ejection_percent = 100;
        config.failure_percentage_ejection = Some(FailurePercentage {
            minimum_hosts: 1,
            request_volume: 5,
            ..FailurePercentage::default()
        });
        change(config);
    })
}

#[test]
fn exactly_the_threshold_stays_and_one_call_more_goes() {
    let mut target = failing(2, |_| {});
    target.calls(0, 85, Failure);
    target.calls(0, 15, Success);
    target.calls(1, 86, Failure);
    target.calls(1, 14, Success);
    target.sweep();
    assert_eq!(target.ejected(), [1]);
}

#[test]
fn equal_endpoints_are_no_outliers_though_their_mean_is_rounded() {
    // Three rates of a tenth, for one, have a mean that is greater than a tenth.
    for (size, good) in (3..12).flat_map(|size| (1..10).map(move |good| (size, good))) {
        let mut target = Target::new(size, |config| {
            config.success_rate_ejection = Some(SuccessRate {
                stdev_factor: 500,
                minimum_hosts: 3,
                request_volume: 10,
                ..SuccessRate::default()
            });
        });
        for endpoint in 0..size {
            target.calls(endpoint, good, Success);
            target.calls(endpoint, 10 - good, Failure);
        }
        assert_eq!(target.sweep(), [], "{size} at {good} of 10");
    }
}

#[test]
fn an_ejection_lasts_exactly_its_time_and_each_in_a_row_longer_up_to_the_limit() {
    let mut target = failing(2, |config| config.max_ejection_time = 70 * SECOND);
    for seconds in [30, 60, 70, 70] {
        target.calls(0, 5, Failure);
        target.sweep();
        assert_eq!(target.ejected(), [0]);
        let ejected = target.now;

        target.now = ejected + seconds * SECOND;
        assert_eq!(target.outlier.sweep(target.now, || 0.5), []);
        target.now += NANO;
        assert_eq!(target.outlier.sweep(target.now, || 0.5).len(), 1);
        assert_eq!(target.ejected(), []);
    }
}

#[test]
fn a_base_above_the_limit_is_the_limit() {
    let mut target = failing(1, |config| config.max_ejection_time = SECOND);
    target.calls(0, 5, Failure);
    target.sweep();
    let ejected = target.now;
    target.outlier.sweep(ejected + 30 * SECOND, || 0.5);
    assert_eq!(target.ejected(), [0]);
    target.outlier.sweep(ejected + 30 * SECOND + NANO, || 0.5);
    assert_eq!(target.ejected(), []);
}

#[test]
fn good_intervals_pay_off_ejections_one_by_one_and_no_more_than_there_were() {
    let mut target = failing(1, |_| {});
    let multiplier = |target: &Target| target.outlier.snapshot().endpoints[0].multiplier;
    for ejections in 1..=2 {
        target.calls(0, 5, Failure);
        target.sweep();
        assert_eq!(multiplier(&target), ejections);
        target.now += 300 * SECOND;
        target.sweep();
    }
    assert_eq!(target.ejected(), []);
    for left in [1, 0, 0] {
        target.sweep();
        assert_eq!(multiplier(&target), left);
    }
}

#[test]
fn jitter_spreads_the_return_and_is_drawn_once() {
    let mut target = failing(1, |config| config.max_ejection_time_jitter = 10 * SECOND);
    target.calls(0, 5, Failure);
    target.sweep();
    let ejected = target.now;
    // Half of ten seconds; what later sweeps draw changes nothing.
    target.outlier.sweep(ejected + 35 * SECOND, || 0.0);
    assert_eq!(target.ejected(), [0]);
    target.outlier.sweep(ejected + 35 * SECOND + NANO, || 0.99);
    assert_eq!(target.ejected(), []);
}

#[test]
fn where_not_all_may_go_the_worst_does() {
    let mut target = failing(4, |config| config.max_ejection_percent = 1);
    target.calls(0, 9, Failure);
    target.calls(0, 1, Success);
    target.calls(2, 10, Failure);
    target.sweep();
    assert_eq!(target.ejected(), [2]);
}

#[test]
fn zero_percent_ejects_nobody() {
    let mut target = failing(4, |config| config.max_ejection_percent = 0);
    target.calls(0, 9, Failure);
    assert_eq!(target.sweep().len(), 1);
    assert_eq!(target.ejected(), []);
}

/// Seen in grpc-java #12834.
#[test]
fn calls_that_the_client_gives_up_do_not_make_an_endpoint_sick() {
    let given_up = |exclude| {
        let mut target = failing(1, |config| config.exclude_local_cancels = exclude);
        for _ in 0..50 {
            drop(target.endpoints[0].admit(target.now));
        }
        target.sweep();
        target.ejected().len()
    };
    assert_eq!(given_up(true), 0);
    // As A50 itself has it.
    assert_eq!(given_up(false), 1);
}

/// Seen in grpc-java #13001.
#[test]
fn a_caller_in_a_hurry_does_not_make_an_endpoint_sick() {
    let late = Status::deadline_exceeded("late");
    let timeout = Some(10 * SECOND);
    let config = Config::default();
    assert_eq!(config.outcome(Some(&late), SECOND, timeout), Ignored);
    assert_eq!(config.outcome(Some(&late), 5 * SECOND, timeout), Failure);
    assert_eq!(config.outcome(Some(&late), SECOND, None), Failure);

    let mut plain = config;
    plain.deadline_attribution = false;
    assert_eq!(plain.outcome(Some(&late), SECOND, timeout), Failure);
}

#[test]
fn what_was_refused_here_or_for_its_version_says_nothing_about_an_endpoint() {
    let config = Config::default();
    let outcome = |status: &Status| config.outcome(Some(status), SECOND, None);
    let refused = Mark::Refused.on(Status::unavailable("the circuit breaker is open"));
    assert_eq!(outcome(&refused), Ignored);
    let misfit = Mark::Incompatible.on(Status::failed_precondition("too old"));
    assert_eq!(outcome(&misfit), Ignored);
    assert_eq!(outcome(&Status::unavailable("away")), Failure);
    assert_eq!(
        outcome(&Status::new(Code::NotFound, "no such movie")),
        Declined
    );
    assert_eq!(config.outcome(None, SECOND, None), Success);
}

#[test]
fn a_run_of_failures_is_found_though_the_rate_is_good() {
    let mut target = Target::new(2, |config| config.consecutive_failures = 3);
    target.calls(0, 100, Success);
    target.calls(0, 2, Failure);
    target.calls(0, 1, Declined);
    target.calls(0, 2, Failure);
    assert_eq!(target.sweep(), [], "no is an answer");

    // A run goes on from one interval to the next.
    target.calls(0, 1, Failure);
    let told = target.sweep();
    let method = DetectionMethod::ConsecutiveFailures;
    assert_eq!(
        told[0].action,
        Action::Ejected {
            method,
            multiplier: 1
        }
    );
}

#[test]
fn the_one_that_returns_is_not_ejected_again_for_what_it_did_before() {
    let mut target = Target::new(2, |config| config.consecutive_failures = 3);
    target.calls(0, 3, Failure);
    target.sweep();
    assert_eq!(target.ejected(), [0]);
    target.now += 30 * SECOND;
    target.sweep();
    assert_eq!(target.sweep(), []);
    target.calls(0, 2, Failure);
    assert_eq!(target.sweep(), []);
    target.calls(0, 1, Failure);
    assert_eq!(target.sweep().len(), 1);
}

#[test]
fn with_less_than_half_usable_all_are_used() {
    let mut target = failing(4, |_| {});
    target.calls(0, 5, Failure);
    target.calls(1, 5, Failure);
    target.sweep();
    assert_eq!(target.ejected(), [0, 1]);
    assert!(!target.outlier.panics(), "half is not less than half");
    assert!(target.endpoints[0].admit(target.now).is_none());

    target.calls(2, 5, Failure);
    target.sweep();
    assert!(target.outlier.panics());
    assert!(target.endpoints[0].admit(target.now).is_some());
    // One that is gone cannot be used, and is not missed either.
    target.outlier.update(["1", "3"]);
    assert!(!target.outlier.panics());
}

/// Seen in linkerd2 #11493.
#[test]
fn a_target_is_never_out_of_endpoints() {
    let mut target = failing(3, |config| config.panic_threshold = 0);
    for endpoint in 0..3 {
        target.calls(endpoint, 5, Failure);
    }
    target.sweep();
    assert_eq!(target.ejected(), [0, 1, 2]);
    for endpoint in &target.endpoints {
        assert!(endpoint.admit(target.now).is_some());
    }
}

#[test]
fn a_config_with_a_mistake_changes_nothing() {
    let target = failing(1, |_| {});
    let mut config = (*target.outlier.config()).clone();
    config.interval = SECOND;
    config.max_ejection_percent = 101;
    assert!(target.outlier.reconfigure(config, target.now).is_err());
    assert_eq!(target.outlier.config().interval, 10 * SECOND);
}

#[test]
fn counts_stop_before_they_spill_over() {
    let mut target = failing(1, |_| {});
    let endpoint = &target.endpoints[0];
    endpoint.add(1 << 31);
    endpoint.count(Failure);
    target.calls(0, 1, Success);
    target.sweep();
    let last = target.outlier.snapshot().endpoints[0].last;
    assert_eq!(
        last,
        Tally {
            successes: 1,
            failures: 1 << 31
        }
    );
}
