//! What a bulkhead promises, told as stories, and held against one that counts on its fingers.

mod model;

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Barrier,
        atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use super::*;

/// Counts how often it was woken.
#[derive(Default)]
pub(super) struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn config(max: u32, queued: u32) -> Config {
    let wait = if queued > 0 { 1 } else { 0 };
    Config {
        max_concurrent_calls: Some(max),
        max_queued: queued,
        max_wait_duration: Duration::from_secs(wait),
    }
}

fn bulkhead(max: u32, queued: u32) -> Arc<Bulkhead> {
    Arc::new(Bulkhead::new(config(max, queued)).unwrap())
}

fn ask<P: Future + Unpin>(place: &mut P, waker: &Arc<Woken>) -> Poll<P::Output> {
    let waker = Waker::from(Arc::clone(waker));
    Pin::new(place).poll(&mut Context::from_waker(&waker))
}

#[test]
fn a_full_bulkhead_has_room_again_when_a_call_is_over() {
    let bulkhead = bulkhead(2, 0);
    let first = bulkhead.admit().unwrap();
    let _second = bulkhead.admit_owned().unwrap();
    let full = Full { max: 2, waiting: 0 };
    assert_eq!(bulkhead.admit().map(drop), Err(full));
    assert_eq!(bulkhead.queue().map(drop), Err(full), "nobody may wait");
    drop(first);
    assert!(bulkhead.admit().is_ok());
    assert_eq!(bulkhead.under_way(), 1);
}

#[test]
fn who_waits_is_served_in_turn_and_before_any_newcomer() {
    let bulkhead = bulkhead(1, 2);
    let woken = Arc::new(Woken::default());
    let first = bulkhead.admit().unwrap();
    let (mut second, mut third) = (bulkhead.queue().unwrap(), bulkhead.queue().unwrap());
    assert_eq!(
        bulkhead.queue().map(drop),
        Err(Full { max: 1, waiting: 2 }),
        "the queue is full"
    );
    assert!(ask(&mut third, &woken).is_pending() && ask(&mut second, &woken).is_pending());

    drop(first);
    assert_eq!(woken.0.load(SeqCst), 1);
    assert!(bulkhead.admit().is_err(), "the place was handed over");
    assert!(ask(&mut third, &woken).is_pending());
    let Poll::Ready(second) = ask(&mut second, &woken) else {
        panic!("its turn has come");
    };
    drop(second);
    assert!(ask(&mut third, &woken).is_ready());
    assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
}

#[test]
fn one_who_leaves_the_queue_is_skipped_and_what_it_was_handed_goes_on() {
    let bulkhead = bulkhead(1, 3);
    let woken = Arc::new(Woken::default());
    let first = bulkhead.admit().unwrap();
    let mut places: Vec<_> = (0..3).map(|_| bulkhead.queue().unwrap()).collect();
    for place in &mut places {
        assert!(ask(place, &woken).is_pending());
    }
    // The second leaves while it waits ...
    drop(places.remove(1));
    assert_eq!(bulkhead.waiting(), 2);
    // ... and the first when its turn has come, without having looked.
    drop(first);
    drop(places.remove(0));
    assert!(ask(&mut places[0], &woken).is_ready());
    assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
}

#[test]
fn a_place_that_was_free_all_along_is_taken_without_waiting() {
    let bulkhead = bulkhead(1, 1);
    let mut place = bulkhead.queue().unwrap();
    assert!(ask(&mut place, &Arc::default()).is_ready());
    assert!(
        ask(&mut place, &Arc::default()).is_pending(),
        "it has nothing more"
    );
    assert_eq!(bulkhead.under_way(), 0);
}

/// Seen in resilience4j #299 #546 #1749.
#[test]
fn new_bounds_hold_at_once_and_take_no_place_away() {
    let bulkhead = bulkhead(1, 2);
    let woken = Arc::new(Woken::default());
    let first = bulkhead.admit().unwrap();
    let mut second = bulkhead.queue().unwrap();
    assert!(ask(&mut second, &woken).is_pending());

    // More room is for those who wait.
    bulkhead.reconfigure(config(3, 1)).unwrap();
    assert_eq!(woken.0.load(SeqCst), 1);
    let Poll::Ready(second) = ask(&mut second, &woken) else {
        panic!("there is room now");
    };
    let third = bulkhead.admit().unwrap();

    // Less room lets nobody in until enough have left.
    bulkhead.reconfigure(config(1, 0)).unwrap();
    drop((first, second));
    assert!(bulkhead.admit().is_err());
    drop(third);
    assert!(bulkhead.admit().is_ok());

    let refused = bulkhead.reconfigure(config(0, 0));
    assert_eq!(refused, Err(ConfigError::NoRoom));
    assert_eq!(bulkhead.max(), Some(1), "nothing was half applied");
}

#[test]
fn an_unset_bound_counts_and_refuses_nobody() {
    let bulkhead = Bulkhead::new(Config::default()).unwrap();
    let permits: Vec<_> = (0..1000).map(|_| bulkhead.admit().unwrap()).collect();
    assert_eq!((bulkhead.under_way(), bulkhead.max()), (1000, None));
    drop(permits);
    assert_eq!(bulkhead.under_way(), 0);
}

#[test]
fn what_makes_no_sense_together_is_an_error_that_says_what_would() {
    let wrong = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        Bulkhead::new(config).unwrap_err().to_string()
    };
    let zero = wrong(|config| config.max_concurrent_calls = Some(0));
    assert!(zero.contains("at least 1"), "{zero}");
    let no_time = wrong(|config| config.max_queued = 7);
    assert!(no_time.contains("`max_queued` is 7"), "{no_time}");
    let no_queue = wrong(|config| config.max_wait_duration = Duration::from_secs(1));
    assert!(no_queue.contains("set both"), "{no_queue}");
    let boundless = wrong(|config| {
        (config.max_queued, config.max_wait_duration) = (1, Duration::from_secs(1));
    });
    assert!(
        boundless.contains("`max_concurrent_calls` is unset"),
        "{boundless}"
    );
}

/// Seen in resilience4j #1432 #1090. Seen in tower-resilience #365.
#[test]
fn of_all_who_race_never_are_more_under_way_than_may_be_and_all_places_come_back() {
    const THREADS: usize = 8;
    let bulkhead = bulkhead(3, 0);
    let (under_way, most) = (AtomicU32::new(0), AtomicU32::new(0));
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                for _ in 0..2_000 {
                    if let Ok(permit) = bulkhead.admit() {
                        most.fetch_max(under_way.fetch_add(1, SeqCst) + 1, SeqCst);
                        under_way.fetch_sub(1, SeqCst);
                        drop(permit);
                    }
                }
            });
        }
    });
    let most = most.load(SeqCst);
    assert!((1..=3).contains(&most), "{most} at once");
    assert_eq!(bulkhead.under_way(), 0);
}

#[test]
fn nobody_who_waits_is_forgotten_among_many_threads() {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let bulkhead = bulkhead(2, 64);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let waker = Waker::from(Arc::new(Unpark(thread::current())));
                for _ in 0..500 {
                    let mut place = bulkhead.queue().expect("room for all to wait");
                    // A wake-up that is lost leaves this thread parked, and the test does not end.
                    while Pin::new(&mut place)
                        .poll(&mut Context::from_waker(&waker))
                        .is_pending()
                    {
                        thread::park();
                    }
                }
            });
        }
    });
    assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
}
