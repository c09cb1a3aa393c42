//! What the policies promise of each scenario, in its short form: one seed or few.

use couplet_storms::{
    chain, churn, hedging, outage, overload, partial, queue, replicas, retries, trouble,
};

#[test]
fn a_retry_storm_is_multiplied_by_naive_retries_and_by_ours_is_not() {
    let naive = retries::told(1, retries::How::Naive);
    assert!(naive.figure("amplification") > 24.0, "{naive:?}");
    let stopped = retries::told(1, retries::How::ChainStop);
    assert!(stopped.figure("amplification") < 12.0, "{stopped:?}");
    for seed in 1..4 {
        let told = retries::told(seed, retries::How::Budgeted);
        assert!(told.figure("amplification") <= 1.1, "{told:?}");
        assert!(told.figure("recovery s") <= 10.0, "{told:?}");
        assert!(told.figure("success before") > 0.99, "{told:?}");
    }
    for seed in 1..4 {
        let guarded = retries::told(seed, retries::How::Retried);
        assert!(guarded.figure("amplification") <= 0.7, "{guarded:?}");
        assert!(guarded.figure("recovery s") <= 10.0, "{guarded:?}");
    }
}

#[test]
fn a_total_outage_ends_soon_after_it_is_over_and_no_call_outlives_its_deadline() {
    use outage::Gone::{BlackHole, Crashed, Failing, Mute};
    for gone in [Crashed, BlackHole, Mute, Failing] {
        let told = outage::told(1, gone);
        assert!(told.figure("success before") > 0.999, "{told:?}");
        assert!(told.figure("longest ms") <= 1_001.0, "{told:?}");
        assert!(told.figure("recovery s") <= 12.0, "{told:?}");
        assert_eq!(told.figure("success at the end"), 1.0, "{told:?}");
        // The breaker keeps the load off it, too.
        assert!(told.figure("attempts per call") < 0.6, "{told:?}");
    }
}

#[test]
fn in_a_chain_of_five_nothing_begins_after_the_deadline() {
    for budget in [60, 100] {
        let told = chain::told(1, budget);
        assert_eq!(told.figure("begun too late"), 0.0, "{told:?}");
        assert!(
            told.figure("longest ms") <= f64::from(budget) + 1.0,
            "{told:?}"
        );
        assert!(
            told.figure("success") < 0.99,
            "the budget is tight: {told:?}"
        );
    }
    assert_eq!(chain::told(1, 300).figure("wasted %"), 0.0);
}

#[test]
fn restarts_one_after_the_other_and_callers_who_hang_up_cost_no_call() {
    let told = churn::told(1);
    assert_eq!(told.figure("success"), 1.0, "{told:?}");
    assert!(
        told.figure("p99 storm ms") <= 2.0 * told.figure("p99 calm ms"),
        "{told:?}"
    );
}

#[test]
fn a_queue_that_stays_full_with_naive_callers_empties_with_a_breaker() {
    let naive = queue::told(1, queue::How::Naive);
    assert!(naive.figure("recovery s").is_infinite(), "{naive:?}");
    assert!(naive.figure("goodput 12 s on, 1/s") < 30.0, "{naive:?}");
    let told = queue::told(1, queue::How::Plain);
    assert!(told.figure("recovery s") <= 10.0, "{told:?}");
    assert!(told.figure("goodput 12 s on, 1/s") > 270.0, "{told:?}");
}

#[test]
fn one_sick_replica_of_five_costs_a_fifth_by_turns_and_next_to_nothing_with_ejection() {
    use replicas::{Choice, Sick};
    for sick in [Sick::Erring, Sick::BlackHole, Sick::Flapping] {
        let ejection = replicas::told(1, sick, Choice::Ejection);
        assert!(ejection.figure("success") > 0.95, "{ejection:?}");
        assert!(ejection.figure("success after") > 0.999, "{ejection:?}");
    }
    let turns = replicas::told(1, Sick::BlackHole, Choice::Turns);
    assert!(turns.figure("failed after a wait %") > 19.0, "{turns:?}");
    // A breaker cannot choose another replica, but it makes the failure quick.
    let breakers = replicas::told(1, Sick::BlackHole, Choice::Breakers);
    assert!(
        breakers.figure("failed after a wait %") < 7.0,
        "{breakers:?}"
    );
}

#[test]
fn one_slow_replica_of_five_fails_no_call_and_is_hidden_by_what_looks_at_time() {
    use replicas::{Choice, Sick::Slow};
    let told = |choice| replicas::told(1, Slow, choice);
    // Nothing fails, so breakers and ejection do nothing, and a fifth of the calls is thirty times slower.
    let turns = told(Choice::Turns);
    assert!(turns.figure("p99 ms") > 15.0 * turns.figure("p99 before ms"));
    for choice in [Choice::Breakers, Choice::Ejection] {
        assert_eq!(told(choice).figures, turns.figures, "{choice:?}");
    }
    // A breaker that counts slow calls keeps all but its probes away, and hedging sends copies elsewhere.
    for (choice, attempts, p99) in [(Choice::SlowCalls, 1.0, 0.4), (Choice::Hedged, 1.25, 0.3)] {
        let told = told(choice);
        assert_eq!(told.figure("success"), 1.0, "{told:?}");
        assert_eq!(told.figure("success after"), 1.0, "{told:?}");
        assert!(told.figure("attempts per call") <= attempts, "{told:?}");
        assert!(
            told.figure("p99 ms") <= p99 * turns.figure("p99 ms"),
            "{told:?}"
        );
    }
    let slow_calls = told(Choice::SlowCalls);
    assert!(
        slow_calls.figure("sick one's share %") < 5.0,
        "{slow_calls:?}"
    );
    // Its bound on extra load holds however many calls are slow.
    let hedged = told(Choice::HedgedALittle);
    assert!(hedged.figure("attempts per call") <= 1.06, "{hedged:?}");
}

#[test]
fn a_partial_outage_below_its_threshold_is_no_reason_for_a_breaker_to_add_to_it() {
    for how in [partial::How::Plain, partial::How::Throttled] {
        let told = partial::told(1, 30, how);
        assert!(told.figure("of what could succeed") > 0.97, "{told:?}");
        assert!(told.figure("recovery s") <= 1.0, "{told:?}");
    }
    // Beyond it the throttle lets more through, and the breaker spares the server more.
    let breaker = partial::told(1, 70, partial::How::Plain);
    let throttle = partial::told(1, 70, partial::How::Throttled);
    assert!(throttle.figure("success") > breaker.figure("success"));
    assert!(throttle.figure("load on the sick") > breaker.figure("load on the sick"));
}

#[test]
fn out_of_any_trouble_everything_comes_back_and_no_call_outlives_its_deadline() {
    for seed in 0..6 {
        let told = trouble::told(seed);
        assert!(
            told.figure("longest ms") <= 1_001.0,
            "seed {seed}: {told:?}"
        );
        assert_eq!(
            told.figure("success at the end"),
            1.0,
            "seed {seed}: {told:?}"
        );
        assert_eq!(
            told.figure("breaker is closed"),
            1.0,
            "seed {seed}: {told:?}"
        );
    }
}

#[test]
fn a_scenario_is_told_alike_for_the_same_seed_and_not_for_another() {
    assert_eq!(trouble::told(3), trouble::told(3));
    assert_ne!(trouble::told(3).digest, trouble::told(4).digest);
}

#[test]
fn a_server_with_an_adaptive_limit_does_what_it_can_however_much_it_is_asked_for() {
    use overload::Guard::{Adaptive, AdaptiveAndBreaker};
    for guard in [Adaptive, AdaptiveAndBreaker] {
        for times in [2.0, 5.0] {
            does_what_it_can(times, guard);
        }
    }
}

#[test]
fn ten_times_as_many_calls_as_can_be_served_take_nothing_from_those_that_are() {
    does_what_it_can(10.0, overload::Guard::Adaptive);
}

fn does_what_it_can(times: f64, guard: overload::Guard) {
    let told = overload::told(1, times, guard);
    assert!(told.figure("goodput % of peak") >= 90.0, "{told:?}");
    assert!(told.figure("p99 to unloaded") <= 2.0, "{told:?}");
}

#[test]
fn hedging_shortens_the_tail_for_a_twentieth_more_load_and_no_more_when_all_is_slow() {
    let (plain, hedged) = (
        hedging::told(1, hedging::How::Unguarded),
        hedging::told(1, hedging::How::Hedged),
    );
    assert!(
        hedged.figure("p99 ms") < 0.8 * plain.figure("p99 ms"),
        "{hedged:?}"
    );
    for attempts in ["attempts per call", "attempts per call, slow"] {
        assert!(hedged.figure(attempts) < 1.07, "{hedged:?}");
    }
}
