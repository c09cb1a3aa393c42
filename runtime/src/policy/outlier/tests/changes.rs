//! The cases of other implementations of gRFC A50, with their numbers: what changes on the way, and what is refused.

use Outcome::{Failure, Success};

use super::*;

/// grpc-go `TestEjectFailureRate`.
#[test]
fn a_config_without_a_method_lets_everybody_return() {
    let rate = success_rate(|rate| (rate.stdev_factor, rate.request_volume) = (500, 3));
    let mut target = Target::new(3, |config| config.success_rate_ejection = rate);
    for endpoint in 0..3 {
        target.calls(endpoint, 5, Success);
    }
    assert_eq!(target.sweep(), []);
    target.calls(0, 5, Success);
    target.calls(1, 5, Success);
    target.calls(2, 5, Failure);
    target.sweep();
    assert_eq!(target.ejected(), [2]);

    let told = target.reconfigure(|config| config.success_rate_ejection = None);
    assert_eq!(
        told,
        [Event {
            endpoint: "2".into(),
            action: Action::Returned
        }]
    );
    assert_eq!(target.ejected(), []);
}

/// grpc-go `TestNoopConfiguration`.
/// grpc-java `acceptResolvedAddresses_outlierDetectionDisabled`.
#[test]
fn without_a_method_nothing_is_counted_and_no_sweep_is_due() {
    let mut target = Target::new(3, |_| {});
    assert_eq!(target.outlier.due(), None);
    target.calls(2, 50, Failure);
    assert_eq!(target.sweep(), []);

    // A config that counts starts from nothing ...
    let percentage = failures(|failures| (failures.threshold, failures.request_volume) = (50, 5));
    target.now += 100 * SECOND;
    target.reconfigure(|config| config.failure_percentage_ejection = percentage);
    assert_eq!(target.outlier.due(), Some(target.now + 10 * SECOND));
    assert_eq!(target.sweep(), []);
    // ... and finds what happens from then on.
    target.calls(0, 5, Success);
    target.calls(1, 5, Success);
    target.calls(2, 5, Failure);
    target.sweep();
    assert_eq!(target.ejected(), [2]);

    target.reconfigure(|config| config.failure_percentage_ejection = None);
    assert_eq!(target.outlier.due(), None);
}

/// grpc-java `acceptResolvedAddresses_intervalUpdate`.
/// grpc-go `TestDurationOfInterval`.
#[test]
fn a_changed_interval_counts_from_the_last_sweep() {
    let mut target = five(success_rate(|_| {}), None);
    let start = target.now;
    assert_eq!(target.outlier.due(), Some(start + 10 * SECOND));
    target.now += 5 * SECOND;
    target.reconfigure(|config| config.interval = 20 * SECOND);
    assert_eq!(target.outlier.due(), Some(start + 20 * SECOND));

    target.now = start;
    target.sweep();
    let swept = start + 20 * SECOND + NANO;
    assert_eq!(target.outlier.due(), Some(swept + 20 * SECOND));
    target.now += 4 * SECOND;
    target.reconfigure(|config| config.interval = 20 * SECOND);
    assert_eq!(target.outlier.due(), Some(swept + 20 * SECOND));
}

/// grpc-go `TestClear`, `TestSwap`.
#[test]
fn a_sweep_takes_the_counts_and_a_new_start_forgets_them() {
    let mut target = five(success_rate(|_| {}), None);
    let seen = |target: &Target| target.outlier.snapshot().endpoints[0].last;
    target.calls(0, 1, Success);
    target.calls(0, 2, Failure);
    target.sweep();
    let taken = Tally {
        successes: 1,
        failures: 2,
    };
    assert_eq!(seen(&target), taken);
    target.sweep();
    assert_eq!(seen(&target), Tally::default());

    target.calls(0, 3, Failure);
    target.reconfigure(|config| config.success_rate_ejection = None);
    target.reconfigure(|config| config.success_rate_ejection = success_rate(|_| {}));
    target.sweep();
    assert_eq!(seen(&target), Tally::default());
}

/// grpc-go `TestEjectionStateResetsWhenEndpointAddressesChange`, `TestSubConnShutdownRemovesFromEndpointMap`.
#[test]
fn a_name_that_goes_and_comes_back_is_new_and_the_old_handle_counts_for_nothing() {
    let mut target = five(success_rate(|_| {}), None);
    load(&target, &[0]);
    target.sweep();
    assert_eq!(target.ejected(), [0]);

    // One that stays, stays ejected.
    let again = target.outlier.update(["0", "1", "2", "3", "4"]);
    assert!(Arc::ptr_eq(&again[0], &target.endpoints[0]) && again[0].is_ejected());
    let stale = Arc::clone(&again[0]);
    target.outlier.update(["1", "2", "3", "4"]);
    let back = target.outlier.update(["0", "1", "2", "3", "4"]);
    assert!(!back[0].is_ejected() && stale.is_ejected());

    target.calls(0, 50, Failure);
    target.endpoints = back;
    load(&target, &[]);
    assert_eq!(target.sweep(), []);
}

/// grpc-go `TestMultipleAddressesPerEndpoint`.
/// grpc-java `multipleAddressesEndpoint`.
#[test]
fn an_endpoint_is_one_by_whatever_address_it_is_reached() {
    // Addresses are the affair of whoever connects: all of them are called through one handle.
    let mut target = five(None, failures(|_| {}));
    let other = Arc::clone(&target.endpoints[0]);
    load_of(&target, &[0], [10, 20, 20, 20, 20]);
    (0..10).for_each(|_| other.count(Failure));
    target.sweep();
    assert_eq!(target.ejected(), [0]);
    assert_eq!(target.outlier.snapshot().endpoints[0].last.volume(), 20);
}

/// grpc-go `TestConcurrentOperations`.
#[test]
fn calls_sweeps_and_changes_at_once_lose_no_call() {
    let target = five(success_rate(|_| {}), None);
    let counted = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for number in 0..20_000 {
                    let endpoint = &target.endpoints[number % 5];
                    if let Some(pass) = endpoint.admit(target.now) {
                        pass.complete(target.now, Success);
                    } else {
                        endpoint.count(Success);
                    }
                }
            });
        }
        let sweeper = scope.spawn(|| {
            (0..300)
                .map(|_| {
                    target.outlier.sweep(target.now, || 0.5);
                    target.reconfigure(|config| config.interval += NANO);
                    target.outlier.update(["0", "1", "2", "3", "4"]);
                    swept(&target)
                })
                .sum::<u64>()
        });
        sweeper.join().expect("the sweeper ends")
    });
    target.outlier.sweep(target.now, || 0.5);
    assert_eq!(counted + swept(&target), 40_000);
}

fn swept(target: &Target) -> u64 {
    let endpoints = target.outlier.snapshot().endpoints;
    endpoints
        .iter()
        .map(|standing| standing.last.volume())
        .sum()
}

fn message(change: impl FnOnce(&mut Config)) -> String {
    let mut config = Config::default();
    change(&mut config);
    config.validate().expect_err("a mistake").to_string()
}

/// grpc-go `TestParseConfig`.
/// grpc-node `max_ejection_percent: Should reject a value above 100`.
/// grpc-node `success_rate_ejection.enforcement_percentage: Should reject a value above 100`.
/// grpc-node `failure_percentage_ejection.threshold: Should reject a value above 100`.
/// grpc-node `failure_percentage_ejection.enforcement_percentage: Should reject a value above 100`.
#[test]
fn a_percentage_above_a_hundred_is_told_with_its_name_value_and_range() {
    assert_eq!(
        message(|config| config.max_ejection_percent = 150),
        "`maxEjectionPercent` is 150; it must be between 0 and 100 percent"
    );
    let rate = success_rate(|rate| rate.enforcement_percentage = 101);
    let told = message(|config| config.success_rate_ejection = rate);
    assert!(told.starts_with("`successRateEjection.enforcementPercentage` is 101;"));
    let threshold = failures(|failures| failures.threshold = 101);
    let told = message(|config| config.failure_percentage_ejection = threshold);
    assert!(told.starts_with("`failurePercentageEjection.threshold` is 101;"));
    let enforced = failures(|failures| failures.enforcement_percentage = 150);
    let told = message(|config| config.failure_percentage_ejection = enforced);
    assert!(told.starts_with("`failurePercentageEjection.enforcementPercentage` is 150;"));
    assert!(message(|config| config.panic_threshold = 101).starts_with("`panicThreshold` is 101;"));
}

/// grpc-node `interval: Should reject a large interval`.
/// grpc-node `base_ejection_time: Should reject a large base_ejection_time`.
/// grpc-node `max_ejection_time: Should reject a large max_ejection_time`.
#[test]
fn a_duration_that_json_cannot_say_and_a_gate_that_cannot_wait_are_mistakes() {
    let long = Duration::from_secs(1_000_000_000_000);
    assert!(message(|config| config.interval = long).starts_with("`interval` is 1000000000000s;"));
    let told = message(|config| config.base_ejection_time = Duration::MAX);
    assert!(told.starts_with("`baseEjectionTime` is "));
    let told = message(|config| config.max_ejection_time = long);
    assert!(told.starts_with("`maxEjectionTime` is "));
    let told = message(|config| config.max_ejection_time_jitter = long);
    assert!(told.starts_with("`maxEjectionTimeJitter` is "));

    let gate = |change: fn(&mut Gate)| {
        let mut gate = Gate::default();
        change(&mut gate);
        message(|config| config.gate = Some(gate))
    };
    assert!(gate(|gate| gate.trial_limit = Duration::ZERO).starts_with("`gate.trialLimit` is 0"));
    assert!(gate(|gate| gate.backoff.initial = Duration::ZERO).starts_with("`gate.wait` is 0"));
    assert!(gate(|gate| gate.backoff.multiplier = f64::NAN).contains("NaN"));
    assert!(gate(|gate| gate.backoff.jitter = 1.5).contains("between 0 and 1"));
}

/// grpc-go `TestParseConfig`.
#[test]
fn zeros_are_values_and_not_the_absence_of_one() {
    let mut target = Target::new(2, |config| {
        config.interval = Duration::ZERO;
        config.base_ejection_time = Duration::ZERO;
        config.max_ejection_time = Duration::ZERO;
        config.max_ejection_percent = 0;
        config.success_rate_ejection = Some(SuccessRate {
            stdev_factor: 0,
            enforcement_percentage: 0,
            minimum_hosts: 0,
            request_volume: 0,
        });
        config.failure_percentage_ejection = Some(FailurePercentage {
            threshold: 0,
            enforcement_percentage: 0,
            minimum_hosts: 0,
            request_volume: 0,
        });
    });
    // Nobody called: there is no rate, and no sweep without end either.
    assert_eq!(target.sweep(), []);
    assert_eq!(
        target.outlier.due(),
        Some(target.now + Duration::from_millis(1))
    );
}
