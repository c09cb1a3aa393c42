//! Decisions, told attempt by attempt: when a call is sent again, how long it waits, and why it is not.

mod random;
mod throttled;

use super::*;
use crate::{
    call::{CodeSet, Limit, headers},
    policy::retry::ThrottleConfig,
};

/// The rules of one method, and what they refer to.
struct Policy {
    config: RetryConfig,
    cap: u32,
    idempotent: bool,
    throttle: Throttle,
}

impl Policy {
    fn rules(&self) -> Option<Rules<'_>> {
        Some(Rules {
            config: &self.config,
            cap: self.cap,
            idempotent: self.idempotent,
            throttle: &self.throttle,
        })
    }
}

fn retries(change: impl FnOnce(&mut RetryConfig)) -> Policy {
    let mut config = RetryConfig {
        max_attempts: 6,
        initial_backoff: Duration::from_secs(100),
        max_backoff: Duration::from_secs(700),
        retryable_status_codes: CodeSet::of(&[Code::Unavailable, Code::DataLoss]),
        ..RetryConfig::default()
    };
    change(&mut config);
    config.validate().unwrap();
    Policy {
        config,
        cap: 10,
        idempotent: false,
        throttle: wide(),
    }
}

/// A throttle that these few failures do not close.
fn wide() -> Throttle {
    Throttle::new(&ThrottleConfig {
        max_tokens: 1_000,
        ..ThrottleConfig::default()
    })
}

fn start() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "any instant will do as the first"
    )]
    Instant::now()
}

fn ended(status: &Status, now: Instant) -> Ended<'_> {
    Ended {
        status,
        resendable: true,
        chained: false,
        deadline: Deadline::NEVER,
        now,
        random: 0.5,
    }
}

fn pushing_back(code: Code, value: &str) -> Status {
    let mut status = Status::new(code, "");
    headers::insert(
        status.metadata_mut(),
        headers::PUSHBACK,
        value.parse().unwrap(),
    );
    status
}

fn unavailable() -> Status {
    Status::unavailable("sick")
}

/// How long a call waits after each of `failures`, in seconds; ends with the first that is returned.
fn waits(policy: &Policy, failures: &[Status]) -> (Vec<f64>, Option<Reason>) {
    let (mut attempts, now, mut waits) = (Attempts::default(), start(), Vec::new());
    for status in failures {
        match attempts.decide(policy.rules(), &ended(status, now)) {
            Decision::RetryAt(at) => waits.push((at - now).as_secs_f64()),
            Decision::Return(why) => return (waits, Some(why)),
            Decision::Transparent => unreachable!("these reached a server"),
        }
    }
    (waits, None)
}

fn why(policy: &Policy, status: &Status) -> Reason {
    let (_, why) = waits(policy, std::slice::from_ref(status));
    why.expect("it is returned")
}

/// grpc-java `expBackoff_maxBackoff_maxRetryAttempts`.
/// grpc-go `TestMaxCallAttempts`.
/// C-core `retry_too_many_attempts`.
#[test]
fn waits_double_up_to_the_longest_and_the_sixth_attempt_is_the_last() {
    let (waits, why) = waits(&retries(|_| {}), &[(); 6].map(|()| unavailable()));
    assert_eq!(waits, [100.0, 200.0, 400.0, 700.0, 700.0]);
    assert_eq!(why, Some(Reason::Exhausted));
}

/// grpc-node `Should not be able to make more than 5 attempts`, `Should be able to make more than 5 attempts with a channel argument`.
/// grpc-dotnet `Unary_AttemptsGreaterThanDefaultClientLimit_LimitedAttemptsMade`.
#[test]
fn the_channels_cap_holds_whatever_the_policy_says() {
    for (cap, retried) in [(5, 4), (6, 5), (1, 0)] {
        let mut policy = retries(|config| config.max_attempts = 10);
        policy.cap = cap;
        let (waits, _) = waits(&policy, &[(); 10].map(|()| unavailable()));
        assert_eq!(waits.len(), retried, "under a cap of {cap}");
    }
}

/// grpc-java `pushback`.
/// grpc-dotnet `AsyncUnaryCall_PushbackExpicitDelay_DelayForSpecifiedDuration`, `AsyncUnaryCall_PushbackExplicitDelayExceedAttempts_Failure`.
/// C-core `retry_server_pushback_delay`.
#[test]
fn a_server_says_when_to_come_back_and_then_the_waits_begin_anew() {
    let (waits, why) = waits(
        &retries(|_| {}),
        &[
            pushing_back(Code::Unavailable, "123"),
            pushing_back(Code::DataLoss, "4567000"),
            unavailable(),
            unavailable(),
            Status::data_loss(""),
            // Even so, there is no seventh attempt.
            pushing_back(Code::Unavailable, "1"),
        ],
    );
    assert_eq!(waits, [0.123, 4567.0, 100.0, 200.0, 400.0]);
    assert_eq!(why, Some(Reason::Exhausted));
    // Not even waits that were longer before are taken up again.
    let busy = pushing_back(Code::Unavailable, "5");
    let mixed = [unavailable(), unavailable(), busy, unavailable()];
    let (between, _) = self::waits(&retries(|_| {}), &mixed);
    assert_eq!(between, [100.0, 200.0, 0.005, 100.0]);
}

/// grpc-java `pushback_noRetry`.
/// grpc-dotnet `AsyncUnaryCall_PushbackStop_Failure`.
#[test]
fn a_server_that_wants_no_retry_gets_none() {
    let policy = retries(|_| {});
    for text in ["", "-1", "soon"] {
        assert_eq!(
            why(&policy, &pushing_back(Code::Unavailable, text)),
            Reason::Pushback
        );
    }
}

/// C-core `retry_non_retriable_status`.
/// grpc-dotnet `AsyncUnaryCall_UnsupportedStatusCode_Failure`.
/// grpc-node `Should fail with a fatal status code`.
#[test]
fn a_code_that_is_not_named_is_returned() {
    let policy = retries(|_| {});
    assert_eq!(why(&policy, &Status::internal("")), Reason::NotRetryable);
    assert_eq!(policy.throttle.tokens(), 1000.0);
    let status = Status::aborted("");
    let decision = Attempts::default().decide(None, &ended(&status, start()));
    assert_eq!(decision, Decision::Return(Reason::NoPolicy));
}

#[test]
fn what_may_have_run_is_held_back_from_methods_that_promise_nothing_unless_the_server_asks() {
    let codes = CodeSet::of(&[Code::Internal, Code::Unknown, Code::DeadlineExceeded]);
    for code in [Code::Internal, Code::Unknown, Code::DeadlineExceeded] {
        let mut policy = retries(|config| config.retryable_status_codes = codes);
        assert_eq!(why(&policy, &Status::new(code, "")), Reason::MayHaveRun);
        let (waited, _) = waits(&policy, &[pushing_back(code, "5")]);
        assert_eq!(waited, [0.005]);
        policy.config.retry_requires_idempotent = false;
        assert_eq!(waits(&policy, &[Status::new(code, "")]).0.len(), 1);
        policy.config.retry_requires_idempotent = true;
        policy.idempotent = true;
        assert_eq!(waits(&policy, &[Status::new(code, "")]).0.len(), 1);
    }
}

/// grpc-java `droppedShouldNeverRetry`.
/// C-core `retry_lb_drop`.
#[test]
fn what_was_refused_here_or_for_its_release_costs_no_token() {
    let policy = retries(|_| {});
    for (mark, reason) in [
        (Mark::Refused, Reason::Refused),
        (Mark::Incompatible, Reason::Incompatible),
    ] {
        assert_eq!(why(&policy, &mark.on(unavailable())), reason);
    }
    assert_eq!(policy.throttle.tokens(), 1000.0);
}

/// grpc-java `retry_headersRead_closed`, `headersRead_closed`.
/// C-core `retry_recv_initial_metadata`, `retry_non_retriable_status_before_trailers`.
#[test]
fn a_call_is_committed_once_the_head_of_an_answer_came_or_its_messages_are_gone() {
    let policy = retries(|_| {});
    let begun = Mark::Begun.on(unavailable());
    assert_eq!(why(&policy, &begun), Reason::Committed);
    let status = unavailable();
    let gone = Ended {
        resendable: false,
        ..ended(&status, start())
    };
    let decision = Attempts::default().decide(policy.rules(), &gone);
    assert_eq!(decision, Decision::Return(Reason::Committed));
    assert_eq!(policy.throttle.tokens(), 998.0, "they failed all the same");
}

#[test]
fn an_attempt_that_was_given_up_is_retried_whatever_the_codes_and_may_cost_more() {
    let throttle = Throttle::new(&ThrottleConfig {
        timeout_token_cost: 2,
        ..ThrottleConfig::default()
    });
    let policy = Policy {
        throttle,
        idempotent: true,
        ..retries(|_| {})
    };
    let unanswered = Mark::Unanswered.on(Status::deadline_exceeded("no answer in 400ms"));
    assert_eq!(waits(&policy, &[unanswered]).0, [100.0]);
    assert_eq!(policy.throttle.tokens(), 8.0);
}

#[test]
fn a_call_that_is_made_for_a_repeated_one_is_not_repeated_itself() {
    let (policy, status) = (retries(|_| {}), unavailable());
    let chained = Ended {
        chained: true,
        ..ended(&status, start())
    };
    let decision = Attempts::default().decide(policy.rules(), &chained);
    assert_eq!(decision, Decision::Return(Reason::Chained));
    let free = retries(|config| config.chain_stop = false);
    let decision = Attempts::default().decide(free.rules(), &chained);
    assert!(matches!(decision, Decision::RetryAt(_)));
}

/// grpc-dotnet `Unary_DeadlineExceedDuringBackoff_Failure`, `Duplex_DeadlineExceedDuringBackoff_Failure`.
#[test]
fn a_wait_that_would_reach_the_deadline_is_not_begun() {
    let (policy, status, now) = (retries(|_| {}), unavailable(), start());
    for (left, retried) in [(100, false), (101, true)] {
        let deadline = Deadline::after(now, Duration::from_secs(left), Limit::Call);
        let ended = Ended {
            deadline,
            ..ended(&status, now)
        };
        let decision = Attempts::default().decide(policy.rules(), &ended);
        match retried {
            true => assert!(matches!(decision, Decision::RetryAt(_))),
            false => assert_eq!(decision, Decision::Return(Reason::Deadline)),
        }
    }
}

/// grpc-java `transparentRetry_onlyOnceOnRefused`, `normalRetry_thenNoTransparentRetry_butNormalRetry`, `normalRetry_thenNoTransparentRetry_andNoMoreRetry`.
#[test]
fn a_refused_stream_is_sent_again_once_and_only_as_the_first_attempt() {
    let (policy, now) = (retries(|_| {}), start());
    let refused = Mark::Unprocessed.on(unavailable());
    let mut attempts = Attempts::default();
    let mut next = |status: &Status| attempts.decide(policy.rules(), &ended(status, now));
    assert_eq!(next(&refused), Decision::Transparent);
    assert!(
        matches!(next(&refused), Decision::RetryAt(_)),
        "the policy's affair"
    );

    let mut attempts = Attempts::default();
    let mut next = |status: &Status| attempts.decide(policy.rules(), &ended(status, now));
    assert!(matches!(next(&unavailable()), Decision::RetryAt(_)));
    assert!(matches!(next(&refused), Decision::RetryAt(_)));
    let refused = Mark::Unprocessed.on(Status::internal("refused"));
    assert_eq!(next(&refused), Decision::Return(Reason::NotRetryable));
}

/// grpc-java `transparentRetry_unlimitedTimesOnMiscarried`.
/// C-core `retry_transparent_not_sent_on_wire`.
#[test]
fn what_never_left_is_sent_again_as_often_as_it_takes_and_counts_for_nothing() {
    let (policy, status, now) = (retries(|_| {}), Mark::Unsent.on(unavailable()), start());
    let mut attempts = Attempts::default();
    for _ in 0..UNSENT_CAP {
        let decision = attempts.decide(policy.rules(), &ended(&status, now));
        assert_eq!(decision, Decision::Transparent);
    }
    assert_eq!(attempts.ended(), 0);
    assert_eq!(policy.throttle.tokens(), 1000.0);
    let decision = attempts.decide(policy.rules(), &ended(&status, now));
    assert!(
        matches!(decision, Decision::RetryAt(_)),
        "a peer that plays for ever"
    );
}

#[test]
fn what_peers_refuse_for_their_release_is_sent_to_others_a_few_times() {
    let mut attempts = Attempts::default();
    let misplaced = Mark::Misplaced.on(Status::failed_precondition("2.0.0"));
    let ended = Ended {
        status: &misplaced,
        resendable: true,
        chained: false,
        deadline: Deadline::NEVER,
        now: start(),
        random: 0.5,
    };
    // Whatever the policy of its method, even where there is none.
    for _ in 0..3 {
        assert_eq!(attempts.decide(None, &ended), Decision::Transparent);
    }
    let policy = retries(|_| {});
    let over = Decision::Return(Reason::Incompatible);
    assert_eq!(attempts.decide(policy.rules(), &ended), over);
}
