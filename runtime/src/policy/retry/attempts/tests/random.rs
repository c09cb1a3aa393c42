//! Whatever happens to a call: neither its attempts nor its deadline are exceeded.

use proptest::prelude::*;

use super::*;

/// One step of a random call: what the attempt ends with, and how long it took.
fn failure() -> impl Strategy<Value = (Status, u64)> {
    let status = (0_i32..17, 0_u8..6, proptest::option::of(-5_i64..5_000)).prop_map(
        |(code, mark, pushback)| {
            let status = match pushback {
                Some(millis) => pushing_back(Code::from_i32(code), &millis.to_string()),
                None => Status::new(Code::from_i32(code), ""),
            };
            match mark {
                0 => Mark::Unprocessed.on(status),
                1 => Mark::Unsent.on(status),
                2 => Mark::Unanswered.on(status),
                _ => status,
            }
        },
    );
    (status, 0_u64..3_000)
}

proptest! {
    #[test]
    fn no_call_gets_more_attempts_than_allowed_or_one_at_its_deadline(
        failures in proptest::collection::vec(failure(), 1..40),
        max_attempts in 2_u32..8,
        cap in 1_u32..8,
        timeout in 1_u64..20_000,
        random in 0.0..1.0,
    ) {
        let config = RetryConfig { max_attempts, ..RetryConfig::default() };
        let policy = Policy { config, cap, idempotent: true, throttle: wide() };
        let mut now = start();
        let deadline = now + Duration::from_millis(timeout);
        let (mut attempts, mut sent) = (Attempts::default(), 1);
        for (status, took) in failures {
            now += Duration::from_millis(took);
            let ended = Ended {
                deadline: Deadline::at(deadline, Limit::Call),
                random,
                ..ended(&status, now)
            };
            match attempts.decide(policy.rules(), &ended) {
                Decision::Return(_) => break,
                Decision::Transparent => prop_assert!(now < deadline),
                Decision::RetryAt(at) => {
                    prop_assert!(at >= now && at < deadline);
                    (sent, now) = (sent + 1, at);
                }
            }
        }
        prop_assert!(sent <= max_attempts.min(cap).max(1), "{sent} attempts");
    }

    #[test]
    fn a_wait_is_within_a_fifth_of_its_nominal_length(before in 0_usize..5, random in 0.0..1.0) {
        let (policy, status, now) = (retries(|_| {}), unavailable(), start());
        let mut attempts = Attempts::default();
        for _ in 0..before {
            attempts.decide(policy.rules(), &ended(&status, now));
        }
        if let Decision::RetryAt(at) = attempts.decide(policy.rules(), &Ended { random, ..ended(&status, now) }) {
            let nominal = [100.0, 200.0, 400.0, 700.0, 700.0][before];
            let wait = (at - now).as_secs_f64();
            prop_assert!(wait >= nominal * 0.8 - 1e-6 && wait <= nominal * 1.2 + 1e-6, "{wait} of {nominal}");
        }
    }
}
