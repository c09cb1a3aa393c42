//! Whether the shares are what they are said to be: with fixed seeds, so that what holds once holds always.

use super::*;

const CALLS: u32 = 200_000;

/// χ² of counts against what was expected of them.
fn chi_square(counts: &[(u32, f64)]) -> f64 {
    let term = |&(count, expected): &(u32, f64)| (f64::from(count) - expected).powi(2) / expected;
    counts.iter().map(term).sum()
}

/// What χ² of one degree of freedom exceeds once in a thousand times.
const ONE_IN_A_THOUSAND: f64 = 10.83;

/// How many of the calls get a delay and an abort, a delay alone, an abort alone, neither.
fn quarters(seed: u64, delayed: u32, aborted: u32) -> [u32; 4] {
    let mut config = abort();
    (config.delay, config.delay_fraction) = (Some(Duration::from_secs(1)), delayed);
    config.abort_fraction = aborted;
    let faults = Arc::new(Faults::new(seed));
    let mut quarters = [0; 4];
    for _ in 0..CALLS {
        let injection = faults.draw(&config, &Wish::default());
        let injection = injection
            .map(|(injection, _)| injection)
            .unwrap_or_default();
        let place = match (injection.delay.is_some(), injection.abort.is_some()) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        quarters[place] += 1;
    }
    quarters
}

fn expected(share: u32) -> f64 {
    f64::from(CALLS) * f64::from(share) / f64::from(MILLION)
}

#[test]
fn shares_are_as_configured_from_one_in_a_hundred_thousand_to_nearly_all() {
    for (seed, share) in [
        (1, 10),
        (2, 100),
        (3, 5_000),
        (4, 250_000),
        (5, 500_000),
        (6, 999_000),
    ] {
        let [both, delayed, aborted, _] = quarters(seed, share, share);
        for count in [both + delayed, both + aborted] {
            let rest = f64::from(CALLS) - expected(share);
            let off = chi_square(&[(count, expected(share)), (CALLS - count, rest)]);
            assert!(
                off < ONE_IN_A_THOUSAND,
                "{share}: {count} of {CALLS}, χ² = {off}"
            );
        }
    }
    assert_eq!(quarters(7, MILLION, 0), [0, CALLS, 0, 0]);
    assert_eq!(quarters(8, 0, MILLION), [0, 0, CALLS, 0]);
}

#[test]
fn a_delay_says_nothing_about_an_abort() {
    for (seed, delayed, aborted) in [
        (11, 500_000, 500_000),
        (12, 800_000, 50_000),
        (13, 10_000, 300_000),
    ] {
        let [both, only_delayed, only_aborted, neither] = quarters(seed, delayed, aborted);
        let [delay, abort] = [both + only_delayed, both + only_aborted].map(f64::from);
        let calls = f64::from(CALLS);
        let off = chi_square(&[
            (both, delay * abort / calls),
            (only_delayed, delay * (calls - abort) / calls),
            (only_aborted, (calls - delay) * abort / calls),
            (neither, (calls - delay) * (calls - abort) / calls),
        ]);
        assert!(off < ONE_IN_A_THOUSAND, "{delayed}, {aborted}: χ² = {off}");
    }
}

#[test]
fn one_call_says_nothing_about_the_next() {
    let config = Config {
        abort_fraction: 500_000,
        ..abort()
    };
    let faults = Arc::new(Faults::new(21));
    let aborted = |_| faults.draw(&config, &Wish::default()).is_some();
    let calls: Vec<bool> = (0..CALLS).map(aborted).collect();
    let mut pairs = [0; 4];
    for pair in calls.windows(2) {
        pairs[usize::from(pair[0]) * 2 + usize::from(pair[1])] += 1;
    }
    let quarter = f64::from(CALLS - 1) / 4.0;
    // Three degrees of freedom.
    assert!(
        chi_square(&pairs.map(|count| (count, quarter))) < 16.27,
        "{pairs:?}"
    );
}

#[test]
fn the_same_seed_gives_the_same_faults_and_another_gives_others() {
    let config = Config {
        abort_fraction: 500_000,
        ..abort()
    };
    let faults = Arc::new(Faults::new(31));
    let draw = || {
        let drawn = (0..64).map(|_| faults.draw(&config, &Wish::default()).is_some());
        drawn.collect::<Vec<_>>()
    };
    let (first, second) = (draw(), draw());
    assert_ne!(first, second);
    faults.seed(31);
    assert_eq!(draw(), first);
    faults.seed(32);
    assert_ne!(draw(), first);
}
