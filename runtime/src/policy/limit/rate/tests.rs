//! What a rate limit promises, in any order of times and from any number of threads.

use std::thread;

use proptest::prelude::*;

use super::*;

const MILLI: Duration = Duration::from_millis(1);

#[expect(
    clippy::disallowed_methods,
    reason = "any instant will do as the first"
)]
fn start() -> Instant {
    Instant::now()
}

/// A hundred calls a second, five at once.
fn config() -> Config {
    Config {
        limit_for_period: 100,
        limit_refresh_period: Duration::from_secs(1),
        burst: Some(5),
    }
}

fn admitted(rate: &Rate, now: Instant) -> usize {
    (0..1000).take_while(|_| rate.admit(now).is_ok()).count()
}

#[test]
fn a_burst_comes_at_once_and_then_one_call_an_interval() {
    let now = start();
    let rate = Rate::new(config(), now).unwrap();
    assert_eq!(admitted(&rate, now), 5);
    let limited = rate.admit(now).unwrap_err();
    assert_eq!(limited.retry_in, 10 * MILLI);
    assert_eq!(admitted(&rate, now + 9 * MILLI), 0);
    assert_eq!(admitted(&rate, now + limited.retry_in), 1);
    assert_eq!(admitted(&rate, now + 40 * MILLI), 3);
    assert_eq!(
        admitted(&rate, now + Duration::from_secs(60)),
        5,
        "rest earns a burst and no more"
    );
}

#[test]
fn a_burst_that_is_not_said_is_a_periods_worth() {
    let now = start();
    let rate = Rate::new(Config::default(), now).unwrap();
    assert_eq!(admitted(&rate, now), 50);
}

#[test]
fn who_waits_is_told_how_long_and_nobody_who_comes_later_is_earlier() {
    let now = start();
    let rate = Rate::new(config(), now).unwrap();
    assert_eq!(admitted(&rate, now), 5);
    let waits = [10, 20, 30].map(|millis| {
        let turn = rate.reserve(now, Duration::from_secs(1)).unwrap();
        let wait = turn.wait();
        turn.take();
        (wait, millis * MILLI)
    });
    for (wait, expected) in waits {
        assert_eq!(wait, expected);
    }
    let impatient = rate.reserve(now, 39 * MILLI).unwrap_err();
    assert_eq!(impatient.retry_in, 40 * MILLI);
    assert_eq!(admitted(&rate, now + 30 * MILLI), 0, "the turns are booked");
}

#[test]
fn a_turn_that_is_not_taken_is_given_back_unless_others_are_behind_it() {
    let now = start();
    let rate = Rate::new(config(), now).unwrap();
    assert_eq!(admitted(&rate, now), 5);
    let patience = Duration::from_secs(1);
    let wait = || rate.reserve(now, patience).unwrap().wait();
    assert_eq!(
        (wait(), wait()),
        (10 * MILLI, 10 * MILLI),
        "each was dropped at once"
    );
    let first = rate.reserve(now, patience).unwrap();
    rate.reserve(now, patience).unwrap().take();
    drop(first);
    assert_eq!(wait(), 30 * MILLI, "the second keeps its turn");
}

#[test]
fn a_new_rate_holds_at_once_and_old_debts_do_not_outlive_it() {
    let now = start();
    let mut slow = config();
    (slow.limit_for_period, slow.limit_refresh_period) = (1, Duration::from_secs(3600));
    let rate = Rate::new(slow, now).unwrap();
    assert_eq!(admitted(&rate, now), 5);
    assert!(rate.admit(now).unwrap_err().retry_in > Duration::from_secs(3000));

    rate.reconfigure(config(), now).unwrap();
    let limited = rate.admit(now).unwrap_err();
    assert_eq!(limited.retry_in, 10 * MILLI);

    let mut wrong = config();
    wrong.burst = Some(0);
    assert_eq!(
        rate.reconfigure(wrong, now),
        Err(ConfigError::Nothing("burst"))
    );
    assert_eq!(
        admitted(&rate, now + 20 * MILLI),
        2,
        "nothing was half applied"
    );
}

#[test]
fn absurd_parameters_are_errors_and_the_greatest_sensible_ones_work() {
    let wrong = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        config.validate().unwrap_err()
    };
    assert_eq!(
        wrong(|config| config.limit_for_period = 0),
        ConfigError::Nothing("limit_for_period")
    );
    let zero = wrong(|config| config.limit_refresh_period = Duration::ZERO);
    assert_eq!(zero, ConfigError::Period(Duration::ZERO));
    assert!(matches!(
        wrong(|config| config.limit_refresh_period = Duration::MAX),
        ConfigError::Period(_)
    ));
    let ages = wrong(|config| (config.burst, config.limit_refresh_period) = (Some(u32::MAX), YEAR));
    assert_eq!(ages, ConfigError::Burst(u32::MAX));

    let now = start();
    let fast = Config {
        limit_for_period: 1_000_000_000,
        burst: Some(u32::MAX),
        ..config()
    };
    assert_eq!(admitted(&Rate::new(fast, now).unwrap(), now), 1000);
}

const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

#[test]
fn threads_that_race_get_the_burst_between_them() {
    let now = start();
    let rate = Rate::new(config(), now).unwrap();
    let admitted: usize = thread::scope(|scope| {
        let ask = || (0..100).filter(|_| rate.admit(now).is_ok()).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(admitted, 5);
}

#[test]
fn each_key_has_a_limit_of_its_own() {
    let now = start();
    let keyed = Keyed::new(config(), Keyed::KEYS, now).unwrap();
    let admitted = |key, now| {
        (0..100)
            .take_while(|_| keyed.admit(key, now).is_ok())
            .count()
    };
    assert_eq!(
        (admitted(7, now), admitted(8, now), admitted(7, now)),
        (5, 5, 0)
    );
    keyed
        .reconfigure(
            Config {
                burst: Some(1),
                ..config()
            },
            now,
        )
        .unwrap();
    assert_eq!(admitted(7, now), 0);
    assert_eq!(admitted(7, now + 50 * MILLI), 1);
    assert_eq!(admitted(0, now), 1, "zero is a key like any other");
}

#[test]
fn idle_keys_make_room_and_a_flood_of_keys_gains_nothing() {
    let now = start();
    let keyed = Keyed::new(config(), 8, now).unwrap();
    // As many keys at once as there are places: each its burst. All others share what these have left: nothing.
    let admitted = (1..=10_000)
        .filter(|key| (0..5).all(|_| keyed.admit(*key, now).is_ok()))
        .count();
    assert_eq!(admitted, 8);
    // Rested, all of them are as if they had never called.
    let later = now + Duration::from_secs(1);
    let admitted = (20_001..=20_008)
        .filter(|key| keyed.admit(*key, later).is_ok())
        .count();
    assert_eq!(admitted, 8);
}

#[test]
fn threads_that_bring_the_same_new_key_do_not_get_two_bursts() {
    for key in 1..200 {
        let now = start();
        let keyed = Keyed::new(config(), 8, now).unwrap();
        let admitted: usize = thread::scope(|scope| {
            let ask = || (0..10).filter(|_| keyed.admit(key, now).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(admitted, 5);
    }
}

proptest! {
    /// Times in any order, as threads bring them, and far jumps back and forth.
    #[test]
    fn no_span_of_time_sees_more_than_the_burst_and_the_rate(
        calls in 1..100_u32,
        burst in 1..10_u32,
        times in prop::collection::vec(prop_oneof![0..300_u64, 0..5_000_u64], 1..300),
    ) {
        let origin = start();
        let rate = Rate::new(Config { limit_for_period: calls, burst: Some(burst), ..Config::default() }, origin).unwrap();
        let mut admitted: Vec<u64> = times
            .into_iter()
            .filter(|millis| rate.admit(origin + *millis as u32 * MILLI).is_ok())
            .collect();
        admitted.sort_unstable();
        for (first, from) in admitted.iter().enumerate() {
            for (last, to) in admitted.iter().enumerate().skip(first) {
                let allowed = f64::from(burst) + f64::from(calls) * (to - from) as f64 / 1000.0;
                prop_assert!((last - first + 1) as f64 <= allowed + 1e-6, "{from} to {to}");
            }
        }
    }

    /// It is not stricter than it says either: who keeps to the rate is never refused, and who is refused is let in
    /// when told.
    #[test]
    fn who_comes_when_told_is_admitted(calls in 1..2_000_u32, burst in 1..50_u32, asks in 1..200_u32) {
        let mut now = start();
        let rate = Rate::new(Config { limit_for_period: calls, burst: Some(burst), ..Config::default() }, now).unwrap();
        for _ in 0..asks {
            if let Err(limited) = rate.admit(now) {
                now += limited.retry_in;
                prop_assert!(rate.admit(now).is_ok());
            }
        }
    }

    #[test]
    fn a_time_before_the_first_is_the_first(back in 0..u64::from(u32::MAX)) {
        let now = start() + Duration::from_secs(1);
        let rate = Rate::new(config(), now).unwrap();
        let earlier = now.checked_sub(Duration::from_nanos(back)).unwrap_or(now);
        prop_assert_eq!(admitted(&rate, earlier), 5);
        prop_assert_eq!(admitted(&rate, now), 0);
    }
}
