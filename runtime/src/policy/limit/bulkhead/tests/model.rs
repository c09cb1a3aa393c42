//! Any sequence of events leaves the bulkhead as it leaves a plain list of who is in and who waits.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Event {
    Admit,
    Queue,
    /// The permit or place with this number, among those that there are, is dropped.
    Drop(prop::sample::Index),
    Resize(u32, u32),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => Just(Event::Admit),
        3 => Just(Event::Queue),
        4 => any::<prop::sample::Index>().prop_map(Event::Drop),
        1 => (1..5_u32, 0..4_u32).prop_map(|(max, queued)| Event::Resize(max, queued)),
    ];
    prop::collection::vec(event, 0..80)
}

/// Somebody with a permit or a place.
enum Held {
    Permit(#[expect(dead_code, reason = "it is held")] OwnedPermit),
    Place(OwnedPlace),
}

/// The bulkhead as a list: who is in, and who waits, by number.
#[derive(Default)]
struct Oracle {
    max: u32,
    queued: u32,
    inside: Vec<u32>,
    waiting: VecDeque<u32>,
}

impl Oracle {
    fn admit(&mut self, one: u32) -> bool {
        let free = self.waiting.is_empty() && (self.inside.len() as u32) < self.max;
        if free {
            self.inside.push(one);
        }
        free
    }

    fn queue(&mut self, one: u32) -> bool {
        let waits = (self.waiting.len() as u32) < self.queued;
        if self.admit(one) {
            return true;
        }
        if waits {
            self.waiting.push_back(one);
        }
        waits
    }

    fn leave(&mut self, one: u32) {
        self.inside.retain(|other| *other != one);
        self.waiting.retain(|other| *other != one);
        self.serve();
    }

    fn serve(&mut self) {
        while (self.inside.len() as u32) < self.max {
            match self.waiting.pop_front() {
                Some(one) => self.inside.push(one),
                None => return,
            }
        }
    }
}

proptest! {
    #[test]
    fn the_same_are_in_and_the_same_wait(events in events()) {
        let bulkhead = bulkhead(2, 2);
        let mut oracle = Oracle { max: 2, queued: 2, ..Oracle::default() };
        let mut held: Vec<(u32, Held)> = Vec::new();
        for (event, number) in events.into_iter().zip(0..) {
            match event {
                Event::Admit => {
                    let permit = bulkhead.admit_owned();
                    prop_assert_eq!(permit.is_ok(), oracle.admit(number));
                    held.extend(permit.ok().map(|permit| (number, Held::Permit(permit))));
                }
                Event::Queue => {
                    let place = bulkhead.queue_owned();
                    prop_assert_eq!(place.is_ok(), oracle.queue(number));
                    held.extend(place.ok().map(|place| (number, Held::Place(place))));
                }
                Event::Drop(index) if !held.is_empty() => {
                    let (one, _) = held.remove(index.index(held.len()));
                    oracle.leave(one);
                }
                Event::Drop(_) => {}
                Event::Resize(max, queued) => {
                    bulkhead.reconfigure(config(max, queued)).unwrap();
                    (oracle.max, oracle.queued) = (max, queued);
                    oracle.serve();
                }
            }
            prop_assert_eq!(bulkhead.under_way() as usize, oracle.inside.len());
            prop_assert_eq!(bulkhead.waiting() as usize, oracle.waiting.len());
        }
        // Who has a place is in exactly if the list says so.
        for (number, one) in &mut held {
            if let Held::Place(place) = one {
                let inside = oracle.inside.contains(number);
                let turn = ask(place, &Arc::default());
                prop_assert_eq!(turn.is_ready(), inside);
                // What came of it counts as one who left, and must not let the next one in unseen.
                if inside {
                    drop(turn);
                    oracle.leave(*number);
                }
            }
        }
        held.clear();
        prop_assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
    }
}
