//! The schedule of copies, told failure by failure.

use proptest::prelude::*;
use tonic::Status;

use super::*;
use crate::{
    call::{CodeSet, Deadline, headers},
    policy::retry::ThrottleConfig,
};

const DELAY: Duration = Duration::from_secs(100);

struct Policy {
    config: HedgingConfig,
    throttle: Throttle,
}

impl Policy {
    fn rules(&self) -> HedgingRules<'_> {
        HedgingRules {
            config: &self.config,
            cap: 10,
            throttle: &self.throttle,
        }
    }
}

fn policy(max_attempts: u32) -> Policy {
    let config = HedgingConfig {
        max_attempts,
        hedging_delay: DELAY,
        non_fatal_status_codes: CodeSet::of(&[Code::Unavailable]),
        ..HedgingConfig::default()
    };
    config.validate().unwrap();
    let throttle = Throttle::new(&ThrottleConfig {
        max_tokens: 4,
        token_ratio: 0.8,
        ..ThrottleConfig::default()
    });
    Policy { config, throttle }
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

fn pushing_back(text: &str) -> Status {
    let mut status = Status::unavailable("busy");
    headers::insert(
        status.metadata_mut(),
        headers::PUSHBACK,
        text.parse().unwrap(),
    );
    status
}

#[test]
fn a_copy_is_due_after_every_delay_until_all_are_sent() {
    let (policy, now) = (policy(3), start());
    let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
    assert_eq!(hedges.next(), Some(now + DELAY));
    hedges.send(now + DELAY);
    assert_eq!(hedges.next(), Some(now + 2 * DELAY));
    hedges.send(now + 2 * DELAY);
    assert_eq!((hedges.next(), hedges.sent()), (None, 3));
}

#[test]
fn a_non_fatal_failure_makes_the_next_copy_due_at_once_and_then_the_delays_go_on() {
    let (policy, now) = (policy(3), start());
    let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
    let failed = now + Duration::from_secs(7);
    let status = Status::unavailable("sick");
    let verdict = hedges.failed(&policy.rules(), &ended(&status, failed), 0);
    assert_eq!((verdict, hedges.next()), (Verdict::Wait, Some(failed)));
    hedges.send(failed);
    assert_eq!(hedges.next(), Some(failed + DELAY));
}

#[test]
fn a_fatal_failure_ends_all_whatever_the_server_says_about_retries() {
    let (policy, now) = (policy(3), start());
    let mut fatal = pushing_back("5");
    fatal = Status::with_metadata(Code::Internal, "", fatal.metadata().clone());
    let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
    let verdict = hedges.failed(&policy.rules(), &ended(&fatal, now), 2);
    assert_eq!(verdict, Verdict::Return(Reason::NotRetryable));
    assert_eq!(policy.throttle.tokens(), 4.0);
}

#[test]
fn the_server_says_when_the_next_copy_may_come_or_that_none_may() {
    let (policy, now) = (policy(5), start());
    let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
    let verdict = hedges.failed(&policy.rules(), &ended(&pushing_back("101000"), now), 1);
    let next = now + Duration::from_secs(101);
    assert_eq!((verdict, hedges.next()), (Verdict::Wait, Some(next)));
    hedges.send(next);
    assert_eq!(hedges.next(), Some(next + DELAY));

    let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
    let no = pushing_back("-1");
    let verdict = hedges.failed(&policy.rules(), &ended(&no, now), 1);
    assert_eq!((verdict, hedges.next()), (Verdict::Wait, None));
    let verdict = hedges.failed(&policy.rules(), &ended(&no, now), 0);
    assert_eq!(verdict, Verdict::Return(Reason::Pushback));
}

#[test]
fn throttled_it_waits_for_those_under_way_and_sends_no_more() {
    let (policy, now) = (policy(5), start());
    let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
    let status = Status::unavailable("sick");
    assert_eq!(
        hedges.failed(&policy.rules(), &ended(&status, now), 1),
        Verdict::Wait
    );
    assert!(hedges.next().is_some(), "three tokens of four are left");
    assert_eq!(
        hedges.failed(&policy.rules(), &ended(&status, now), 1),
        Verdict::Wait
    );
    assert_eq!(hedges.next(), None, "two are not enough");
    let last = hedges.failed(&policy.rules(), &ended(&status, now), 0);
    assert_eq!(last, Verdict::Return(Reason::Throttled));
}

#[test]
fn what_was_refused_here_is_waited_out_and_costs_no_token() {
    let (policy, now) = (policy(5), start());
    let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
    let refused = Mark::Refused.on(Status::unavailable("breaker open"));
    assert_eq!(
        hedges.failed(&policy.rules(), &ended(&refused, now), 1),
        Verdict::Wait
    );
    assert_eq!(hedges.next(), None);
    let last = hedges.failed(&policy.rules(), &ended(&refused, now), 0);
    assert_eq!(last, Verdict::Return(Reason::Refused));
    assert_eq!(policy.throttle.tokens(), 4.0);
}

#[test]
fn a_server_of_another_major_version_ends_all() {
    let (policy, now) = (policy(5), start());
    let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
    let status = Mark::Incompatible.on(Status::unavailable(""));
    let verdict = hedges.failed(&policy.rules(), &ended(&status, now), 2);
    assert_eq!(verdict, Verdict::Return(Reason::Incompatible));
}

#[test]
fn a_copy_that_is_put_off_comes_a_delay_later_or_never_if_there_is_no_delay() {
    let (policy, now) = (policy(5), start());
    let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
    hedges.put_off(now + DELAY);
    assert_eq!((hedges.next(), hedges.sent()), (Some(now + 2 * DELAY), 1));
    let mut hedges = Hedges::new(&policy.rules(), Duration::ZERO, now);
    hedges.put_off(now);
    assert_eq!(hedges.next(), None);
}

#[test]
fn an_attempt_that_was_never_answered_costs_as_much_as_a_timeout_that_the_server_tells_of() {
    let cost = |status: Status| {
        let mut policy = policy(5);
        policy.config.non_fatal_status_codes =
            CodeSet::of(&[Code::Unavailable, Code::DeadlineExceeded]);
        policy.throttle = Throttle::new(&ThrottleConfig {
            timeout_token_cost: 3,
            ..ThrottleConfig::default()
        });
        let now = start();
        let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
        hedges.failed(&policy.rules(), &ended(&status, now), 1);
        10.0 - policy.throttle.tokens()
    };
    assert_eq!(cost(Status::deadline_exceeded("")), 3.0);
    assert_eq!(cost(Mark::Unanswered.on(Status::unavailable(""))), 3.0);
    assert_eq!(cost(Status::unavailable("")), 1.0);
}

proptest! {
    #[test]
    fn no_more_copies_are_ever_due_than_declared(
        events in proptest::collection::vec((0_u8..5, 0_u64..200, 0_usize..3), 0..60),
        most in 2_u32..12,
    ) {
        let policy = policy(most);
        let mut now = start();
        let mut hedges = Hedges::new(&policy.rules(), DELAY, now);
        for (event, seconds, live) in events {
            now += Duration::from_secs(seconds);
            let status = match event {
                0 => Status::unavailable(""),
                1 => pushing_back("70000"),
                2 => Mark::Unprocessed.on(Status::unavailable("")),
                _ => {
                    if hedges.next().is_some_and(|next| next <= now) {
                        hedges.send(now);
                    }
                    continue;
                }
            };
            let verdict = hedges.failed(&policy.rules(), &ended(&status, now), live);
            if live == 0 {
                prop_assert!(verdict != Verdict::Wait || hedges.next().is_some(), "nothing to wait for");
            }
            if hedges.sent() >= most.min(10) {
                prop_assert_eq!(hedges.next(), None);
            }
        }
        prop_assert!(hedges.sent() <= most.min(10));
    }
}
