//! Another call took a token before; the one at hand fails in one of a few ways.

use super::*;

fn after(code: Code, pushback: Option<&str>) -> (Option<Reason>, f64) {
    let throttle = Throttle::new(&ThrottleConfig {
        max_tokens: 4,
        token_ratio: 0.8,
        ..ThrottleConfig::default()
    });
    assert!(throttle.fail(false));
    let policy = Policy {
        throttle,
        ..retries(|_| {})
    };
    let status = match pushback {
        Some(text) => pushing_back(code, text),
        None => Status::new(code, ""),
    };
    let (_, why) = waits(&policy, &[status]);
    (why, policy.throttle.tokens())
}

/// grpc-java `throttledStream_FailWithRetriableStatusCode_WithoutPushback`, `throttledStream_FailWithRetriableStatusCode_WithRetriablePushback`.
/// C-core `retry_throttled`.
#[test]
fn a_retryable_failure_takes_a_token_and_is_returned() {
    assert_eq!(
        after(Code::Unavailable, None),
        (Some(Reason::Throttled), 2.0)
    );
    assert_eq!(
        after(Code::Unavailable, Some("123")),
        (Some(Reason::Throttled), 2.0)
    );
}

/// grpc-java `throttledStream_FailWithNonRetriableStatusCode_WithoutPushback`, `throttledStream_FailWithNonRetriableStatusCode_WithRetriablePushback`.
#[test]
fn any_other_failure_takes_none_even_if_the_server_invites_a_retry() {
    assert_eq!(
        after(Code::Internal, None),
        (Some(Reason::NotRetryable), 3.0)
    );
    assert_eq!(after(Code::Internal, Some("123")), (None, 3.0));
}

/// grpc-java `throttledStream_FailWithRetriableStatusCode_WithNonRetriablePushback`, `throttledStream_FailWithNonRetriableStatusCode_WithNonRetriablePushback`.
#[test]
fn a_server_that_wants_no_retry_takes_a_token_whatever_the_code() {
    assert_eq!(
        after(Code::Unavailable, Some("")),
        (Some(Reason::Pushback), 2.0)
    );
    assert_eq!(
        after(Code::Internal, Some("")),
        (Some(Reason::Pushback), 2.0)
    );
}

#[test]
fn an_attempt_that_was_never_answered_costs_as_much_as_a_timeout_that_the_server_tells_of() {
    let cost = |status: Status| {
        let policy = Policy {
            throttle: Throttle::new(&ThrottleConfig {
                timeout_token_cost: 3,
                ..ThrottleConfig::default()
            }),
            ..retries(|config| {
                config.retryable_status_codes =
                    CodeSet::of(&[Code::Unavailable, Code::DeadlineExceeded]);
            })
        };
        waits(&policy, &[status]);
        10.0 - policy.throttle.tokens()
    };
    assert_eq!(cost(Status::deadline_exceeded("")), 3.0);
    assert_eq!(cost(Mark::Unanswered.on(Status::unavailable(""))), 3.0);
    assert_eq!(cost(unavailable()), 1.0);
}
