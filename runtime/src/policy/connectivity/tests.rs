//! One endpoint through its states, and any order of events held against what must always be so.

use proptest::prelude::*;

use super::*;

const BACKOFF: Backoff = Backoff {
    initial: Duration::from_secs(1),
    multiplier: 2.0,
    max: Duration::from_secs(8),
    jitter: 0.0,
};

const SECOND: Duration = Duration::from_secs(1);

#[expect(
    clippy::disallowed_methods,
    reason = "any instant will do as the first"
)]
fn start() -> (Connectivity, Instant) {
    (Connectivity::new(BACKOFF), Instant::now())
}

fn attempt(machine: &mut Connectivity, now: Instant) -> Attempt {
    match machine.ask(Demand::Call, now) {
        Answer::Connect(attempt) => attempt,
        other => panic!("{other:?}"),
    }
}

fn connect(machine: &mut Connectivity, now: Instant) {
    let attempt = attempt(machine, now);
    machine.up(now);
    machine.over(attempt);
}

#[test]
fn an_endpoint_is_idle_until_it_is_asked_for_and_ready_once_its_connection_is_up() {
    let (mut machine, now) = start();
    assert_eq!(machine.state(), State::Idle);
    let attempt = attempt(&mut machine, now);
    assert_eq!(machine.state(), State::Connecting);
    assert_eq!(machine.ask(Demand::Call, now), Answer::UnderWay);
    machine.up(now);
    machine.over(attempt);
    assert_eq!(machine.state(), State::Ready);
    machine.shutdown();
    assert_eq!(machine.state(), State::Shutdown);
    assert_eq!(machine.ask(Demand::Call, now), Answer::Never);
}

#[test]
fn after_failures_everybody_waits_and_each_time_longer() {
    let (mut machine, mut now) = start();
    for seconds in [1, 2, 4, 8, 8] {
        let attempt = attempt(&mut machine, now);
        machine.failed(attempt, now, 0.5);
        assert_eq!(machine.state(), State::TransientFailure);
        let until = now + SECOND * seconds;
        for demand in [Demand::Call, Demand::Spare, Demand::Keep] {
            assert_eq!(machine.ask(demand, now), Answer::Rest(until));
        }
        now = until;
    }
    connect(&mut machine, now);
    now += SECOND;
    machine.ended(End::Lost, now, 0.0);
    let attempt = attempt(&mut machine, now);
    machine.failed(attempt, now, 0.5);
    // What lasted ends the row of failures.
    assert_eq!(machine.pause(Demand::Call, now), SECOND);
}

#[test]
fn after_a_loss_a_call_connects_at_once_and_a_keeper_waits_for_a_random_part_of_a_second() {
    let (mut machine, now) = start();
    connect(&mut machine, now);
    let now = now + SECOND;
    machine.ended(End::Lost, now, 0.25);
    assert_eq!(machine.state(), State::Idle);
    let until = now + SECOND / 4;
    assert_eq!(machine.ask(Demand::Keep, now), Answer::Rest(until));
    assert!(matches!(
        machine.clone().ask(Demand::Keep, until),
        Answer::Connect(_)
    ));
    connect(&mut machine, now);
    assert_eq!(machine.state(), State::Ready);
}

#[test]
fn connections_that_end_at_once_are_failures_from_the_second_on() {
    let (mut machine, now) = start();
    connect(&mut machine, now);
    machine.ended(End::Lost, now, 0.5);
    assert_eq!(machine.pause(Demand::Keep, now), SECOND);
    connect(&mut machine, now);
    machine.ended(End::Lost, now, 0.5);
    assert_eq!(machine.state(), State::TransientFailure);
    assert_eq!(
        machine.ask(Demand::Call, now),
        Answer::Rest(now + SECOND * 2)
    );
}

#[test]
fn what_was_left_can_be_had_again_at_once() {
    let (mut machine, now) = start();
    connect(&mut machine, now);
    machine.ended(End::Left, now, 0.5);
    assert_eq!(machine.state(), State::Idle);
    assert_eq!(machine.pause(Demand::Keep, now), Duration::ZERO);
}

#[test]
fn a_connection_too_few_fails_while_another_serves() {
    let (mut machine, now) = start();
    connect(&mut machine, now);
    let second = attempt(&mut machine, now);
    assert_eq!(machine.state(), State::Ready);
    machine.failed(second, now, 0.5);
    assert_eq!(machine.state(), State::Ready);
    assert_eq!(machine.ask(Demand::Spare, now), Answer::Rest(now + SECOND));
}

#[test]
fn an_attempt_that_was_given_back_says_nothing_about_the_next() {
    let (mut machine, now) = start();
    let first = attempt(&mut machine, now);
    let stale = Attempt(first.0);
    machine.over(first);
    assert_eq!(machine.state(), State::Idle);
    let _second = attempt(&mut machine, now);
    machine.failed(stale, now, 0.5);
    assert_eq!(machine.state(), State::Connecting);
}

/// What may happen next.
#[derive(Debug, Clone)]
enum Event {
    Ask(Demand),
    Up,
    Fail(f64),
    GiveUp,
    End(End, f64),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        prop_oneof![Just(Demand::Call), Just(Demand::Spare), Just(Demand::Keep)]
            .prop_map(Event::Ask),
        Just(Event::Up),
        (0.0..1.0).prop_map(Event::Fail),
        Just(Event::GiveUp),
        (prop_oneof![Just(End::Lost), Just(End::Left)], 0.0..1.0)
            .prop_map(|(end, random)| Event::End(end, random)),
        (0_u64..3_000).prop_map(Event::Pass),
    ]
}

proptest! {
    #[test]
    fn whatever_happens(events in proptest::collection::vec(event(), 0..200)) {
        let (mut machine, mut now) = start();
        let mut under_way: Option<Attempt> = None;
        let (mut open, mut failed_until) = (0_usize, now);
        for event in events {
            match event {
                Event::Ask(demand) => {
                    let had = under_way.is_some();
                    match machine.ask(demand, now) {
                        Answer::Connect(attempt) => {
                            prop_assert!(!had, "two attempts at once");
                            prop_assert!(now >= failed_until, "{demand:?} did not wait");
                            under_way = Some(attempt);
                        }
                        Answer::UnderWay => prop_assert!(had),
                        Answer::Rest(until) => {
                            prop_assert!(until > now && until <= now + BACKOFF.max);
                            // Who waits is let in then, and whoever may, a call may too.
                            let mut later = machine.clone();
                            prop_assert!(matches!(later.ask(demand, until), Answer::Connect(_)));
                            let call = machine.pause(Demand::Call, now);
                            prop_assert!(call <= machine.pause(demand, now));
                        }
                        Answer::Never => prop_assert!(false, "nobody ended it"),
                    }
                }
                Event::Up => if let Some(attempt) = under_way.take() {
                    machine.up(now);
                    machine.over(attempt);
                    (open, failed_until) = (open + 1, now);
                }
                Event::Fail(random) => if let Some(attempt) = under_way.take() {
                    machine.failed(attempt, now, random);
                    failed_until = failed_until.max(now + machine.pause(Demand::Call, now));
                }
                Event::GiveUp => if let Some(attempt) = under_way.take() {
                    machine.over(attempt);
                }
                Event::End(end, random) => if open > 0 {
                    open -= 1;
                    machine.ended(end, now, random);
                }
                Event::Pass(millis) => now += Duration::from_millis(millis),
            }
            let state = machine.state();
            // A dead endpoint is never ready, and one that can be reached always is.
            prop_assert_eq!(state == State::Ready, open > 0);
            prop_assert_eq!(state == State::Connecting, open == 0 && under_way.is_some());
        }
    }
}
