//! Every way in which two or three threads can meet at one count: it stays within its bounds, and none loses what another did.

use std::sync::Arc;

use ::loom::{model, thread};

use super::super::*;

const TWO: ThrottleConfig = ThrottleConfig {
    max_tokens: 2,
    token_ratio: 0.5,
    timeout_token_cost: 1,
};

/// Does two things at once, and looks on meanwhile; what is left then.
fn both(before: fn(&Throttle), one: fn(&Throttle), other: fn(&Throttle)) -> f64 {
    let throttle = Arc::new(Throttle::new(&TWO));
    before(&throttle);
    let racing = [one, other].map(|run| {
        let throttle = Arc::clone(&throttle);
        thread::spawn(move || run(&throttle))
    });
    let seen = throttle.tokens();
    assert!((0.0..=2.0).contains(&seen), "{seen} tokens");
    for thread in racing {
        thread.join().expect("no panic");
    }
    throttle.tokens()
}

fn fail(throttle: &Throttle) {
    throttle.fail(false);
}

#[test]
fn of_two_failures_and_of_two_successes_none_is_lost() {
    model(|| assert_eq!(both(|_| (), fail, fail), 0.0));
    model(|| {
        let empty = |throttle: &Throttle| (0..3).for_each(|_| fail(throttle));
        assert_eq!(both(empty, Throttle::succeed, Throttle::succeed), 1.0);
    });
}

#[test]
fn two_failures_at_one_token_leave_none_and_of_them_no_debt() {
    model(|| assert_eq!(both(fail, fail, fail), 0.0));
}

#[test]
fn a_success_beside_a_failure_gives_back_its_share_unless_it_found_all_there() {
    model(|| {
        assert_eq!(both(fail, fail, Throttle::succeed), 0.5);
    });
    model(|| {
        let left = both(|_| (), fail, Throttle::succeed);
        assert!(left == 1.5 || left == 1.0, "{left} tokens");
    });
}

#[test]
fn fewer_tokens_are_the_most_for_a_success_that_began_under_more() {
    model(|| {
        let fewer = |throttle: &Throttle| {
            throttle.reconfigure(&ThrottleConfig {
                max_tokens: 1,
                ..TWO
            });
        };
        // Of two 1.5 are left: 0.75 of one.
        let nearly = |throttle: &Throttle| {
            fail(throttle);
            throttle.succeed();
        };
        assert_eq!(both(nearly, Throttle::succeed, fewer), 1.0);
    });
}
