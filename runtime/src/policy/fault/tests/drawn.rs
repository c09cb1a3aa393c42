//! What is drawn for a call, with the numbers of grpc-go's tests, which give random numbers one after the other.

use super::*;

/// Draws with numbers that begin at 0 and grow by `step` per mille from call to call, each used for all draws of a call.
struct Scripted {
    config: Config,
    step: u32,
    next: u32,
}

impl Scripted {
    fn new(config: Config, step: u32) -> Self {
        Self {
            config,
            step,
            next: 0,
        }
    }

    /// The next call's injection, and how many numbers it took.
    fn call(&mut self, wish: &Wish) -> (Injection, u32) {
        let (number, mut taken) = (self.next % MILLION, 0);
        self.next += self.step * 1_000;
        let injection = self.config.draw(wish, || {
            taken += 1;
            number
        });
        (injection, taken)
    }

    /// So many calls, all with the same outcome.
    #[track_caller]
    fn calls(&mut self, calls: u32, wish: &Wish, delay: Option<Duration>, abort: Option<Code>) {
        for call in 0..calls {
            let injection = self.call(wish).0;
            assert_eq!(
                (injection.delay, injection.abort),
                (delay, abort),
                "call {call}"
            );
        }
    }
}

const NOTHING: Wish = Wish {
    abort: None,
    abort_percentage: None,
    delay: None,
    delay_percentage: None,
};
const SECOND: Option<Duration> = Some(Duration::from_secs(1));

/// grpc-go `TestFaultInjection_Unary/no abort or delay`.
#[test]
fn nothing_configured_takes_no_number_and_does_nothing() {
    let (injection, taken) = Scripted::new(Config::default(), 50).call(&NOTHING);
    assert!(injection.is_nothing());
    assert_eq!(taken, 0);
}

/// grpc-go `TestFaultInjection_Unary/max faults zero`.
#[test]
fn a_limit_of_zero_is_no_fault() {
    let faults = Arc::new(Faults::new(1));
    let mut config = abort();
    config.max_active_faults = 0;
    for _ in 0..25 {
        assert!(faults.draw(&config, &NOTHING).is_none());
    }
    assert_eq!(faults.counts().at_limit.sum(), 25);
}

/// grpc-go `TestFaultInjection_Unary/abort always`, `TestFaultInjection_Unary/abort 10%`.
#[test]
fn a_share_of_calls_is_aborted() {
    let aborted = Some(Code::Aborted);
    Scripted::new(abort(), 50).calls(25, &NOTHING, None, aborted);
    let tenth = Config {
        abort_fraction: 100_000,
        ..abort()
    };
    let mut script = Scripted::new(tenth, 50);
    script.calls(2, &NOTHING, None, aborted);
    script.calls(18, &NOTHING, None, None);
    script.calls(2, &NOTHING, None, aborted);
}

/// grpc-go `TestFaultInjection_Unary/delay always`, `TestFaultInjection_Unary/delay 10%`.
#[test]
fn a_share_of_calls_is_delayed() {
    let mut config = Config::default();
    (config.delay, config.delay_fraction) = (SECOND, MILLION);
    Scripted::new(config.clone(), 50).calls(25, &NOTHING, SECOND, None);
    config.delay_fraction = 100_000;
    let mut script = Scripted::new(config, 50);
    script.calls(2, &NOTHING, SECOND, None);
    script.calls(18, &NOTHING, None, None);
    script.calls(2, &NOTHING, SECOND, None);
}

/// grpc-go `TestFaultInjection_Unary/delay 80%, abort 50%`.
#[test]
fn delay_and_abort_are_two_draws() {
    let mut config = abort();
    (config.delay, config.delay_fraction) = (SECOND, 800_000);
    config.abort_fraction = 500_000;
    let mut script = Scripted::new(config, 50);
    let aborted = Some(Code::Aborted);
    script.calls(10, &NOTHING, SECOND, aborted);
    script.calls(6, &NOTHING, SECOND, None);
    assert_eq!(script.call(&NOTHING).1, 2);
    script.calls(3, &NOTHING, None, None);
    script.calls(10, &NOTHING, SECOND, aborted);
}

/// grpc-go `TestFaultInjection_Unary/header abort`.
#[test]
fn a_header_aborts_as_often_as_it_asks_and_never_more_often_than_is_configured() {
    let mut config = Config::default();
    (config.headers, config.abort_fraction) = (true, 800_000);
    let asked = |percentage| Wish {
        abort: Some(Code::DataLoss),
        abort_percentage: percentage,
        ..NOTHING
    };
    let lost = Some(Code::DataLoss);
    let mut script = Scripted::new(config, 100);
    script.calls(3, &asked(Some(30)), None, lost);
    script.calls(3, &asked(Some(30)), None, None);
    script.calls(2, &asked(Some(80)), None, lost);
    script.calls(2, &asked(Some(100)), None, None);
    // Without a share of its own it is the configured one.
    script.calls(8, &asked(None), None, lost);
    script.calls(2, &asked(None), None, None);
    // A share of nothing is nothing, and takes no number.
    let share_only = Wish {
        abort_percentage: Some(100),
        ..NOTHING
    };
    assert_eq!(script.call(&share_only), (Injection::default(), 0));
    let absurd = asked(Some(u32::MAX));
    script.calls(7, &absurd, None, lost);
    script.calls(2, &absurd, None, None);
}

/// grpc-go `TestFaultInjection_Unary/header delay`.
#[test]
fn a_header_delays_as_often_as_it_asks_and_never_more_often_than_is_configured() {
    let mut config = Config::default();
    (config.headers, config.delay_fraction) = (true, 800_000);
    let millis = Some(Duration::from_millis(2));
    let asked = |percentage| Wish {
        delay: millis,
        delay_percentage: percentage,
        ..NOTHING
    };
    let mut script = Scripted::new(config, 100);
    script.calls(3, &asked(Some(30)), millis, None);
    script.calls(3, &asked(Some(30)), None, None);
    script.calls(1, &asked(None), millis, None);
    script.calls(1, &asked(Some(80)), millis, None);
    script.calls(1, &asked(None), None, None);
    script.calls(1, &asked(Some(100)), None, None);
}

/// grpc-java `parseFaultAbort_withHeaderAbort`, `parseFaultAbort_withGrpcStatus`.
#[test]
fn a_header_wins_over_what_is_configured_and_keeps_to_its_share() {
    let mut config = abort();
    (config.headers, config.abort_status) = (true, Some(Code::DeadlineExceeded));
    config.abort_fraction = 600;
    let asked = Wish {
        abort: Some(Code::DataLoss),
        ..NOTHING
    };
    assert_eq!(config.draw(&asked, || 599).abort, Some(Code::DataLoss));
    assert_eq!(config.draw(&asked, || 600).abort, None);
    assert_eq!(
        config.draw(&NOTHING, || 599).abort,
        Some(Code::DeadlineExceeded)
    );
    assert_eq!(config.draw(&NOTHING, || 600).abort, None);
}

#[test]
fn each_fault_has_its_own_share() {
    let mut config = Config {
        reset_fraction: 1,
        abort_fraction: 1,
        ..abort()
    };
    (config.delay, config.delay_fraction) = (SECOND, 1);
    (config.response_delay, config.response_delay_fraction) = (SECOND, 1);
    (config.truncate_after, config.truncate_fraction) = (Some(3), 1);
    (config.slow_read, config.slow_read_fraction) = (SECOND, 1);
    // The number that hits stands at another place each time.
    let drawn: Vec<Injection> = (0..6)
        .map(|hit| {
            let mut numbers = (0..6).map(|place| u32::from(place != hit));
            config.draw(&NOTHING, || numbers.next().expect("six draws"))
        })
        .collect();
    let mut expected = [Injection::default(); 6];
    expected[0].delay = SECOND;
    expected[1].abort = Some(Code::Aborted);
    expected[2].reset = true;
    expected[3].response_delay = SECOND;
    expected[4].truncate_after = Some(3);
    expected[5].slow_read = SECOND;
    assert_eq!(drawn, expected);
}

#[test]
fn a_mistake_is_told_with_its_name_and_what_would_be_right() {
    let message = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        config.rule().expect_err("a mistake").to_string()
    };
    assert_eq!(
        message(|config| config.abort_fraction = 1_000_001),
        "`abortFraction` is 1000001; it must be between 0 and 1000000, all calls"
    );
    assert_eq!(
        message(|config| config.delay_fraction = 5),
        "`delayFraction` is set and `delay` is not; set both, or neither"
    );
    assert!(message(|config| config.abort_fraction = 5).contains("`abortStatus` is not"));
    assert!(message(|config| config.reset_fraction = u32::MAX).contains("resetFraction"));
    assert!(
        message(|config| config.response_delay_fraction = 5).contains("`responseDelay` is not")
    );
    assert!(message(|config| config.truncate_fraction = 5).contains("`truncateAfter` is not"));
    assert!(message(|config| config.slow_read_fraction = 5).contains("`slowRead` is not"));
    assert!(message(|config| config.delay = Some(Duration::MAX)).starts_with("`delay` is "));
    let mut by_header = Config::default();
    (
        by_header.headers,
        by_header.delay_fraction,
        by_header.abort_fraction,
    ) = (true, 5, 5);
    assert_eq!(by_header.validate(), Ok(()));
}
