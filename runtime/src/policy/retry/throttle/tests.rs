//! The token count, told as gRPC's own tests tell it, and against a count that nobody else touches.

#[cfg(couplet_loom)]
mod loom;

use proptest::prelude::*;

use super::*;

fn throttle(max_tokens: u32, token_ratio: f32) -> Throttle {
    Throttle::new(&ThrottleConfig {
        max_tokens,
        token_ratio,
        ..ThrottleConfig::default()
    })
}

/// grpc-java `throttle`.
/// grpc-dotnet `IsRetryThrottlingActive_FailedAndSuccessCalls_ActivatedChanges`.
/// C-core `retry_throttle_test`.
#[test]
fn half_of_the_tokens_allow_no_retry_and_successes_win_them_back() {
    let throttle = throttle(4, 0.8);
    assert!(throttle.allows());
    assert!(throttle.fail(false), "three are left");
    for _ in 0..5 {
        assert!(!throttle.fail(false), "two and less");
    }
    assert!(!throttle.allows());
    assert_eq!(throttle.tokens(), 0.0);

    for left in [0.8, 1.6] {
        throttle.succeed();
        assert_eq!(throttle.tokens(), left);
        assert!(!throttle.allows());
    }
    for left in [2.4, 3.2, 4.0, 4.0] {
        throttle.succeed();
        assert_eq!(throttle.tokens(), left);
        assert!(throttle.allows());
    }
    assert!(throttle.fail(false));
    assert!(!throttle.fail(false));
}

#[test]
fn a_timeout_may_cost_more_than_another_failure() {
    let throttle = Throttle::new(&ThrottleConfig {
        timeout_token_cost: 2,
        ..ThrottleConfig::default()
    });
    throttle.fail(true);
    throttle.fail(false);
    assert_eq!(throttle.tokens(), 7.0);
}

/// grpc-java `getThrottle`.
#[test]
fn a_mistake_is_told() {
    let config = ThrottleConfig::default();
    assert_eq!(config.validate(), Ok(()));
    for max_tokens in [0, 1_001] {
        let wrong = ThrottleConfig {
            max_tokens,
            ..config
        };
        assert_eq!(wrong.validate(), Err(ConfigError::Tokens(max_tokens)));
    }
    for token_ratio in [0.0, -1.0, 0.000_9, f32::NAN, f32::INFINITY] {
        let wrong = ThrottleConfig {
            token_ratio,
            ..config
        };
        assert!(matches!(wrong.validate(), Err(ConfigError::Ratio(_))));
    }
}

#[test]
fn three_decimals_of_the_ratio_count() {
    let throttle = throttle(10, 0.532_9);
    throttle.fail(false);
    throttle.succeed();
    assert_eq!(throttle.tokens(), 9.532);
}

#[test]
fn the_same_parameters_keep_the_count_and_others_keep_the_share() {
    let throttle = throttle(10, 0.1);
    for _ in 0..4 {
        throttle.fail(false);
    }
    throttle.reconfigure(&ThrottleConfig::default());
    assert_eq!(throttle.tokens(), 6.0);
    throttle.reconfigure(&ThrottleConfig {
        max_tokens: 100,
        ..ThrottleConfig::default()
    });
    assert_eq!(throttle.tokens(), 60.0);
    assert!(throttle.allows());
}

#[test]
fn no_thread_loses_a_token() {
    let throttle = throttle(1_000, 0.001);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).filter(|_| throttle.fail(false)).count());
        }
    });
    assert_eq!(throttle.tokens(), 600.0);
}

proptest! {
    #[test]
    fn it_equals_a_count_that_nobody_else_touches(
        max in 1_u32..=1_000,
        ratio in 1_u32..5_000,
        cost in 0_u32..5,
        events in proptest::collection::vec(0_u8..3, 0..300),
    ) {
        let throttle = Throttle::new(&ThrottleConfig {
            max_tokens: max,
            token_ratio: f64::from(ratio) as f32 / 1_000.0,
            timeout_token_cost: cost,
        });
        let (most, mut oracle) = (i64::from(max) * 1_000, i64::from(max) * 1_000);
        for event in events {
            let allowed = match event {
                0 => {
                    throttle.succeed();
                    oracle += i64::from(ratio);
                    throttle.allows()
                }
                1 => {
                    oracle -= 1_000;
                    throttle.fail(false)
                }
                _ => {
                    oracle -= 1_000 * i64::from(cost);
                    throttle.fail(true)
                }
            };
            oracle = oracle.clamp(0, most);
            prop_assert_eq!(i64::from(throttle.count().left), oracle);
            prop_assert_eq!(allowed, 2 * oracle > most);
        }
    }
}
