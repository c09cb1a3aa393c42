//! What an adaptive limit promises: stories of single windows, and a server in overload.

mod overload;

use std::thread;

use super::*;

const MILLI: Duration = Duration::from_millis(1);

#[expect(
    clippy::disallowed_methods,
    reason = "any instant will do as the first"
)]
fn start() -> Instant {
    Instant::now()
}

fn limiter(change: impl FnOnce(&mut Config)) -> (Arc<Limiter>, Instant) {
    let mut config = Config::default();
    change(&mut config);
    let now = start();
    (Arc::new(Limiter::new(config, now).unwrap()), now)
}

/// A window of calls that are all under way at once, take `latency` and come to `outcome`.
fn window(limiter: &Arc<Limiter>, now: &mut Instant, latency: Duration, outcome: Outcome) {
    let rounds = Duration::from_secs(1).as_millis() / latency.as_millis();
    for _ in 0..=rounds {
        let admit = || limiter.admit_owned(*now, Priority::Critical).ok();
        let permits: Vec<_> = std::iter::from_fn(admit).collect();
        *now += latency;
        for permit in permits {
            permit.complete(*now, outcome);
        }
    }
}

#[test]
fn the_least_important_calls_are_refused_first() {
    let (limiter, now) = limiter(|config| config.initial_limit = 100);
    let mut permits = Vec::new();
    for (priority, share) in [
        (Priority::Batch, 50),
        (Priority::Sheddable, 75),
        (Priority::Default, 90),
        (Priority::Critical, 100),
    ] {
        while let Ok(permit) = limiter.admit(now, priority) {
            permits.push(permit);
        }
        assert_eq!(permits.len(), share, "{priority}");
    }
    let refused = limiter.admit(now, Priority::Batch).unwrap_err();
    assert_eq!((refused.in_flight, refused.limit), (100, 100));
    permits.clear();
    assert_eq!(limiter.in_flight(), 0);
}

#[test]
fn a_limit_that_is_only_watched_refuses_nobody_and_counts_whom_it_would() {
    let (limiter, now) = limiter(|config| config.mode = Mode::MetricsOnly);
    let permits: Vec<_> = (0..50)
        .map(|_| limiter.admit(now, Priority::Critical).unwrap())
        .collect();
    assert_eq!((limiter.refused(), permits.len()), (30, 50));
    limiter.reconfigure(Config::default()).unwrap();
    assert!(limiter.admit(now, Priority::Critical).is_err());
}

/// Seen in concurrency-limits #176.
#[test]
fn drops_shrink_every_limit_that_knows_them() {
    for algorithm in [Algorithm::Hybrid, Algorithm::Aimd] {
        let (limiter, mut now) = limiter(|config| config.algorithm = algorithm);
        for _ in 0..30 {
            window(&limiter, &mut now, 10 * MILLI, Outcome::Dropped);
        }
        assert_eq!(limiter.limit(), 4, "{algorithm:?}");
    }
}

#[test]
fn a_few_drops_among_many_calls_do_not_shrink_it_to_nothing() {
    let (limiter, mut now) = limiter(|_| {});
    for _ in 0..60 {
        window(&limiter, &mut now, 10 * MILLI, Outcome::Served);
        let permit = limiter.admit_owned(now, Priority::Critical).unwrap();
        permit.complete(now, Outcome::Dropped);
    }
    assert!(limiter.limit() > 20, "{}", limiter.limit());
}

#[test]
fn callers_that_give_up_early_say_nothing_and_those_that_waited_long_do() {
    let (limiter, mut now) = limiter(|_| {});
    window(&limiter, &mut now, 100 * MILLI, Outcome::Served);
    let known = limiter.typical_latency().unwrap();
    assert!((90..110).contains(&known.as_millis()), "{known:?}");
    let before = limiter.limit();
    for _ in 0..10 {
        window(&limiter, &mut now, 5 * MILLI, Outcome::Abandoned);
    }
    assert_eq!(
        (limiter.limit(), limiter.typical_latency()),
        (before, Some(known))
    );
    for _ in 0..10 {
        window(&limiter, &mut now, 300 * MILLI, Outcome::Abandoned);
    }
    assert!(limiter.limit() < before, "{} of {before}", limiter.limit());
}

/// Seen in concurrency-limits (app-limited).
#[test]
fn a_limit_that_is_not_half_used_does_not_grow() {
    for algorithm in [
        Algorithm::Hybrid,
        Algorithm::Gradient2,
        Algorithm::Vegas,
        Algorithm::Aimd,
    ] {
        let (limiter, mut now) = limiter(|config| config.algorithm = algorithm);
        for _ in 0..10_000 {
            let permit = limiter.admit_owned(now, Priority::Default).unwrap();
            now += 10 * MILLI;
            permit.complete(now, Outcome::Served);
        }
        assert!(limiter.limit() <= 20, "{algorithm:?}: {}", limiter.limit());
    }
}

/// Seen in Envoy #11579.
#[test]
fn a_call_that_began_under_another_limit_is_no_sample_of_this_one() {
    let (limiter, mut now) = limiter(|config| config.algorithm = Algorithm::Aimd);
    let old = limiter.admit_owned(now, Priority::Critical).unwrap();
    window(&limiter, &mut now, 10 * MILLI, Outcome::Served);
    assert_eq!(limiter.limit(), 21, "a new generation");
    let samples = limiter.window.samples();
    old.complete(now, Outcome::Served);
    assert_eq!(limiter.window.samples(), samples);
    let fresh = limiter.admit_owned(now, Priority::Critical).unwrap();
    fresh.complete(now, Outcome::Served);
    assert_eq!(limiter.window.samples(), samples + 1);
}

#[test]
fn permits_that_are_dropped_free_their_places_and_teach_nothing() {
    let (limiter, mut now) = limiter(|_| {});
    for _ in 0..1_000 {
        drop(limiter.admit_owned(now, Priority::Default).unwrap());
        now += 10 * MILLI;
    }
    assert_eq!(
        (
            limiter.in_flight(),
            limiter.limit(),
            limiter.typical_latency()
        ),
        (0, 20, None)
    );
}

#[test]
fn other_parameters_hold_at_once_and_absurd_ones_not_at_all() {
    let (limiter, mut now) = limiter(|config| config.algorithm = Algorithm::Aimd);
    window(&limiter, &mut now, 10 * MILLI, Outcome::Served);
    let mut config = limiter.config();
    config.max_limit = 20;
    limiter.reconfigure(config).unwrap();
    assert_eq!(limiter.limit(), 20);
    (config.initial_limit, config.algorithm) = (10, Algorithm::Fixed);
    limiter.reconfigure(config).unwrap();
    window(&limiter, &mut now, 10 * MILLI, Outcome::Served);
    assert_eq!(limiter.limit(), 10);

    let wrong = |change: fn(&mut Config)| {
        let mut config = limiter.config();
        change(&mut config);
        limiter.reconfigure(config).unwrap_err().to_string()
    };
    assert!(wrong(|config| config.min_limit = 0).contains("1 <= `min_limit`"));
    assert!(wrong(|config| config.max_limit = 1).contains("the limits are 4, 10 and 1"));
    assert!(wrong(|config| config.window = Duration::MAX).contains("an hour"));
    assert!(wrong(|config| config.quantile = f64::NAN).contains("`quantile` is NaN"));
    assert!(wrong(|config| config.backoff_ratio = 1.0).contains("below 1"));
    assert!(wrong(|config| config.minimum_samples = 0).contains("at least 1"));
    assert_eq!(limiter.limit(), 10, "nothing was half applied");
}

#[test]
fn times_that_jump_are_harmless() {
    let (limiter, now) = limiter(|_| {});
    let far = now + Duration::from_secs(1 << 40);
    for (began, ended) in [(now, far), (far, now), (now, now)] {
        for _ in 0..200 {
            let permit = limiter.admit_owned(began, Priority::Critical).unwrap();
            permit.complete(ended, Outcome::Served);
        }
    }
    assert!((4..=1000).contains(&limiter.limit()));
    assert_eq!(limiter.in_flight(), 0);
}

#[test]
fn threads_leave_no_call_behind_and_keep_to_the_limit() {
    let (limiter, now) = limiter(|config| config.algorithm = Algorithm::Fixed);
    thread::scope(|scope| {
        for thread in 0..8_u32 {
            let limiter = &limiter;
            scope.spawn(move || {
                for round in 0..2_000 {
                    let now = now + (thread + round) * MILLI;
                    if let Ok(permit) = limiter.admit(now, Priority::Critical) {
                        // What is refused is counted for a moment, too.
                        assert!(limiter.in_flight() <= 20 + 8);
                        permit.complete(now + MILLI, Outcome::Served);
                    }
                }
            });
        }
    });
    assert_eq!(limiter.in_flight(), 0);
}
