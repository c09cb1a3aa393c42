//! The cases of other implementations of gRFC A50, with their numbers: what is found and what is not.

use Outcome::Failure;

use super::*;

/// grpc-java `successRateNoOutliers`, `failurePercentageNoOutliers`, `successRateAndFailurePercentage_noOutliers`.
#[test]
fn a_healthy_set_is_left_alone() {
    for (rate, failures) in [
        (success_rate(|_| {}), None),
        (None, failures(|_| {})),
        (success_rate(|_| {}), failures(|_| {})),
    ] {
        let mut target = five(rate, failures);
        load(&target, &[]);
        assert_eq!(target.sweep(), []);
        assert_eq!(target.ejected(), []);
    }
}

/// grpc-java `successRateOneOutlier`, `failurePercentageOneOutlier`.
/// grpc-go `TestOutlierDetectionAlgorithmsE2E`.
/// grpc-node `Success rate: Should eject a server if it is failing requests`, `Failure percentage: Should eject a server if it is failing requests`.
#[test]
fn the_one_that_fails_is_ejected() {
    let mut target = five(success_rate(|_| {}), None);
    load(&target, &[0]);
    target.sweep();
    assert_eq!(target.ejected(), [0]);

    let mut target = five(None, failures(|_| {}));
    load(&target, &[0]);
    target.sweep();
    assert_eq!(target.ejected(), [0]);
}

/// grpc-java `successRateOneOutlier_configChange`.
#[test]
fn a_change_that_enforces_nothing_ejects_nothing_more_and_keeps_what_is_ejected() {
    let mut target = five(success_rate(|_| {}), None);
    load(&target, &[0]);
    target.sweep();
    assert_eq!(target.ejected(), [0]);

    let off = success_rate(|rate| {
        (rate.enforcement_percentage, rate.stdev_factor) = (0, 1_000);
    });
    target.reconfigure(|config| config.success_rate_ejection = off);
    load_of(&target, &[1], [0, 25, 25, 25, 25]);
    let told = target.sweep();
    assert_eq!(target.ejected(), [0]);
    let action = Action::Unenforced {
        method: DetectionMethod::SuccessRate,
        reason: UnenforcedReason::EnforcementPercentage,
    };
    assert_eq!(
        told,
        [Event {
            endpoint: "1".into(),
            action
        }]
    );
}

/// grpc-java `successRateOneOutlier_unejected`.
/// grpc-go `TestEjectUnejectSuccessRate`.
/// grpc-node `Success rate: Should uneject a server after the ejection period`, `Failure percentage: Should uneject a server after the ejection period`.
#[test]
fn the_one_that_was_ejected_returns_when_its_time_is_over() {
    for (rate, failures) in [
        (success_rate(|_| {}), None),
        (None, failures(|failures| failures.threshold = 50)),
    ] {
        let mut target = five(rate, failures);
        load(&target, &[0]);
        target.sweep();
        assert_eq!(target.ejected(), [0]);

        load(&target, &[]);
        target.now += target.outlier.config().max_ejection_time;
        let told = target.sweep();
        assert_eq!(target.ejected(), []);
        assert_eq!(told[0].action, Action::Returned);
    }
}

/// grpc-java `successRateOneOutlier_notEnoughVolume`, `failurePercentageOneOutlier_notEnoughVolume`.
#[test]
fn too_few_calls_make_no_rate() {
    let mut target = five(success_rate(|rate| rate.request_volume = 20), None);
    load_of(&target, &[0], [19, 20, 20, 20, 20]);
    target.sweep();
    assert_eq!(target.ejected(), []);

    let mut target = five(None, failures(|failures| failures.request_volume = 100));
    load(&target, &[0]);
    target.sweep();
    assert_eq!(target.ejected(), []);
}

/// grpc-java `successRateOneOutlier_notEnoughAddressesWithVolume`.
/// grpc-java `failurePercentageOneOutlier_notEnoughAddressesWithVolume`.
#[test]
fn too_few_endpoints_with_enough_calls_say_nothing() {
    let few = [20, 19, 20, 20, 20];
    let rate = success_rate(|rate| (rate.minimum_hosts, rate.request_volume) = (5, 20));
    let percentage = failures(|rate| (rate.minimum_hosts, rate.request_volume) = (5, 20));
    for (rate, failures) in [(rate, None), (None, percentage)] {
        let mut target = five(rate, failures);
        load_of(&target, &[0], few);
        target.sweep();
        assert_eq!(target.ejected(), []);

        // One call more, and they do.
        load(&target, &[0]);
        target.sweep();
        assert_eq!(target.ejected(), [0]);
    }
}

/// grpc-java `successRateOneOutlier_enforcementPercentage`, `failurePercentageOneOutlier_enforcementPercentage`.
#[test]
fn an_enforcement_of_zero_only_tells() {
    let rate = success_rate(|rate| rate.enforcement_percentage = 0);
    let percentage = failures(|failures| failures.enforcement_percentage = 0);
    for (rate, failures) in [(rate, None), (None, percentage)] {
        let mut target = five(rate, failures);
        load(&target, &[0]);
        assert_eq!(target.sweep().len(), 1);
        assert_eq!(target.ejected(), []);
    }
}

/// grpc-java `successRateTwoOutliers`.
#[test]
fn two_that_fail_are_ejected() {
    let mut target = five(success_rate(|rate| rate.stdev_factor = 1), None);
    load(&target, &[0, 1]);
    target.sweep();
    assert_eq!(target.ejected(), [0, 1]);
}

/// grpc-java `successRateThreeOutliers_maxEjectionPercentage`.
#[test]
fn the_one_that_goes_over_the_limit_is_the_last() {
    let mut target = five(success_rate(|rate| rate.stdev_factor = 1), None);
    target.reconfigure(|config| config.max_ejection_percent = 30);
    load(&target, &[0, 1, 2]);
    let told = target.sweep();
    // 20 % is below 30 %, so the second goes; 40 % is not.
    assert_eq!(target.ejected().len(), 2);
    let reason = UnenforcedReason::MaxEjectionOverflow;
    let method = DetectionMethod::SuccessRate;
    assert_eq!(told[2].action, Action::Unenforced { method, reason });
}

/// grpc-java `successRateAndFailurePercentageThreeOutliers`.
#[test]
fn what_one_method_misses_the_other_finds() {
    let mut target = five(
        success_rate(|rate| rate.stdev_factor = 1),
        failures(|failures| (failures.threshold, failures.request_volume) = (0, 1)),
    );
    target.reconfigure(|config| config.max_ejection_percent = 100);
    load_of(&target, &[0, 1, 2], [20, 20, 1, 20, 20]);
    let told = target.sweep();
    assert_eq!(target.ejected(), [0, 1, 2]);
    // Found twice, ejected once.
    assert_eq!(told.len(), 3);
    let multipliers = target.outlier.snapshot().endpoints;
    assert!(multipliers.iter().all(|standing| standing.multiplier <= 1));
}

/// grpc-java `successRateAndFailurePercentage_successRateOutlier`.
/// grpc-java `successRateAndFailurePercentage_errorPercentageOutlier`.
#[test]
fn of_two_methods_the_one_that_is_enforced_ejects() {
    let told_only = success_rate(|rate| rate.enforcement_percentage = 0);
    let mut target = five(told_only, failures(|_| {}));
    load(&target, &[0]);
    target.sweep();
    assert_eq!(target.ejected(), [0]);

    let told_only = failures(|failures| failures.enforcement_percentage = 0);
    let mut target = five(success_rate(|_| {}), told_only);
    load(&target, &[0]);
    target.sweep();
    assert_eq!(target.ejected(), [0]);
}

/// grpc-node `Should allow normal operation with one server`.
#[test]
fn one_endpoint_alone_is_never_ejected_by_default() {
    let mut target = Target::new(1, |config| {
        config.success_rate_ejection = Some(SuccessRate::default());
        config.failure_percentage_ejection = Some(FailurePercentage::default());
    });
    target.calls(0, 500, Failure);
    assert_eq!(target.sweep(), []);
    assert!(target.endpoints[0].admit(target.now).is_some());
}
