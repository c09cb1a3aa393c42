//! Every interleaving of two or three threads at one bulkhead: no place is lost, none is given twice, and nobody who waits is
//! forgotten.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use loom::{sync::Arc as Shared, thread};

use super::*;

fn bulkhead(max: u32, queued: u32) -> Shared<Bulkhead> {
    Shared::new(Bulkhead::new(config(max, queued)).unwrap())
}

fn config(max: u32, queued: u32) -> Config {
    Config {
        max_concurrent_calls: Some(max),
        max_queued: queued,
        max_wait_duration: Duration::from_secs(u64::from(queued > 0)),
    }
}

fn has_its_turn(place: &mut Place<&Bulkhead>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    match Pin::new(place).poll(&mut context) {
        Poll::Ready(permit) => {
            drop(permit);
            true
        }
        Poll::Pending => false,
    }
}

#[test]
fn loom_the_count_is_neither_exceeded_nor_leaked() {
    loom::model(|| {
        let bulkhead = bulkhead(1, 0);
        let other = Shared::clone(&bulkhead);
        let racing = thread::spawn(move || {
            let permit = other.admit();
            // Refused, it was because the other one was in, or held its place for a moment.
            if permit.is_ok() {
                assert!(other.under_way() >= 1);
            }
        });
        let permit = bulkhead.admit();
        if permit.is_ok() {
            // While one is in, only the moment of a refusal is counted beside it.
            assert!((1..=2).contains(&bulkhead.under_way()));
        }
        drop(permit);
        racing.join().unwrap();
        assert_eq!(bulkhead.under_way(), 0);
    });
}

#[test]
fn loom_a_place_given_back_while_one_gets_in_line_reaches_it() {
    loom::model(|| {
        let bulkhead = bulkhead(1, 1);
        // Held by nobody's guard, so that another thread can give it back.
        std::mem::forget(bulkhead.admit().unwrap());
        let other = Shared::clone(&bulkhead);
        let leaving = thread::spawn(move || other.give_back());
        {
            let mut place = bulkhead.queue().unwrap();
            leaving.join().unwrap();
            assert!(
                has_its_turn(&mut place),
                "a place was free and nobody told it"
            );
        }
        assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
    });
}

#[test]
fn loom_a_refused_newcomer_does_not_take_the_turn_of_one_who_waits() {
    loom::model(|| {
        let bulkhead = bulkhead(1, 1);
        std::mem::forget(bulkhead.admit().unwrap());
        let newcomer = Shared::clone(&bulkhead);
        let refused = thread::spawn(move || drop(newcomer.admit()));
        let other = Shared::clone(&bulkhead);
        let leaving = thread::spawn(move || other.give_back());
        {
            let mut place = bulkhead.queue().unwrap();
            refused.join().unwrap();
            leaving.join().unwrap();
            assert!(has_its_turn(&mut place));
        }
        assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
    });
}

#[test]
fn loom_one_who_leaves_the_line_as_its_turn_comes_gives_it_back() {
    loom::model(|| {
        let bulkhead = bulkhead(1, 1);
        std::mem::forget(bulkhead.admit().unwrap());
        let place = bulkhead.queue().unwrap();
        let other = Shared::clone(&bulkhead);
        let leaving = thread::spawn(move || other.give_back());
        drop(place);
        leaving.join().unwrap();
        assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
    });
}

#[test]
fn loom_more_room_reaches_one_who_gets_in_line_meanwhile() {
    loom::model(|| {
        let bulkhead = bulkhead(1, 1);
        std::mem::forget(bulkhead.admit().unwrap());
        let other = Shared::clone(&bulkhead);
        let growing = thread::spawn(move || other.reconfigure(config(2, 1)).unwrap());
        {
            let mut place = bulkhead.queue().unwrap();
            growing.join().unwrap();
            assert!(has_its_turn(&mut place), "there is room for two");
        }
        bulkhead.give_back();
        assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
    });
}

#[test]
fn loom_less_room_while_a_place_comes_back_leaks_nothing() {
    loom::model(|| {
        let bulkhead = bulkhead(2, 1);
        std::mem::forget((bulkhead.admit().unwrap(), bulkhead.admit().unwrap()));
        let mut place = bulkhead.queue().unwrap();
        let other = Shared::clone(&bulkhead);
        let leaving = thread::spawn(move || other.give_back());
        bulkhead.reconfigure(config(1, 1)).unwrap();
        leaving.join().unwrap();
        // Handed over before the room became less, or not: then it is when the second leaves.
        let _ = has_its_turn(&mut place);
        bulkhead.give_back();
        let _ = has_its_turn(&mut place);
        assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
    });
}

#[test]
fn loom_no_newcomer_gets_in_before_one_who_waits() {
    loom::model(|| {
        let bulkhead = bulkhead(1, 1);
        std::mem::forget(bulkhead.admit().unwrap());
        let mut place = bulkhead.queue().unwrap();
        let newcomer = Shared::clone(&bulkhead);
        let late = thread::spawn(move || assert!(newcomer.admit().is_err()));
        bulkhead.give_back();
        late.join().unwrap();
        assert!(has_its_turn(&mut place));
        assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
    });
}
