//! Whatever happens in whatever order, the breaker does what the model of it does.

use std::cell::Cell;
use std::time::Duration;

use proptest::{collection::vec, prelude::*, sample::select};

use super::super::*;
use super::breaker;
use super::model::{End, Knobs, LONGEST_WAIT, Model, Out, PERMITTED, PROBE_LIMIT, WAIT};

/// What may happen to a breaker.
#[derive(Clone, Debug)]
enum Step {
    Admit,
    /// Ends the call of one of the permits that are out.
    End(prop::sample::Index, End),
    /// Calls that end at once.
    Burst(usize, End),
    /// Milliseconds.
    Pass(u64),
    /// No state resets.
    Force(Option<State>),
    Reconfigure(Knobs),
    Isolate,
    LetGo,
}

/// A breaker and its model, the calls that are out and the guards that isolate it.
struct Pair {
    breaker: Arc<Breaker>,
    start: Instant,
    model: Model,
    out: Vec<(OwnedPermit, Out)>,
    isolations: Vec<Isolation>,
}

thread_local! {
    /// What the clock shows to guards that end.
    static NOW: Cell<Option<Instant>> = const { Cell::new(None) };
}

// === Pair ===

impl Pair {
    fn new(knobs: Knobs) -> Self {
        let (breaker, start) = breaker(|config| configure(config, knobs));
        Self {
            breaker,
            start,
            model: Model::new(knobs),
            out: Vec::new(),
            isolations: Vec::new(),
        }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.model.now)
    }

    fn take(&mut self, step: &Step) {
        NOW.set(Some(self.now()));
        match step {
            Step::Admit => self.admit(),
            Step::End(index, end) if !self.out.is_empty() => {
                self.end(index.index(self.out.len()), *end)
            }
            Step::End(..) => {}
            Step::Burst(calls, end) => (0..*calls).for_each(|_| {
                let before = self.out.len();
                self.admit();
                if self.out.len() > before {
                    self.end(before, *end);
                }
            }),
            Step::Pass(time) => self.model.now += time,
            Step::Force(state) => self.force(*state),
            Step::Reconfigure(knobs) => self.reconfigure(*knobs),
            Step::Isolate => {
                let clock = || NOW.get().expect("a time");
                let guard = Handle::new(Arc::clone(&self.breaker)).isolate(clock);
                self.isolations.push(guard);
                self.model.isolate();
            }
            Step::LetGo => {
                if self.isolations.pop().is_some() {
                    self.model.let_go();
                }
            }
        }
        self.agree();
    }

    fn admit(&mut self) {
        let admitted = self.breaker.admit_owned(self.now());
        match (admitted, self.model.admit()) {
            (Ok(permit), Ok(out)) => self.out.push((permit, out)),
            (Err(refusal), Err(wait)) => {
                assert_eq!(refusal.retry_in, wait.map(Duration::from_millis))
            }
            (admitted, modelled) => panic!("{admitted:?}, but the model: {}", modelled.is_ok()),
        }
    }

    fn end(&mut self, index: usize, end: End) {
        let (permit, out) = self.out.swap_remove(index);
        let before = (self.breaker.state(), self.breaker.counts(self.now()).window);
        let stale = out.generation != self.model.generation;
        match end {
            End::Told(verdict) => permit.complete(self.now(), verdict),
            End::GivenUp => permit.abandon(self.now()),
            End::Dropped => drop(permit),
        }
        if stale {
            assert_eq!(
                before,
                (self.breaker.state(), self.breaker.counts(self.now()).window)
            );
        }
        self.model.end(out, end);
    }

    fn force(&mut self, state: Option<State>) {
        let handle = Handle::new(Arc::clone(&self.breaker));
        match state {
            Some(State::ForcedOpen) => handle.force_open(self.now()),
            Some(State::ForcedClosed) => handle.force_closed(self.now()),
            Some(State::Disabled) => handle.disable(self.now()),
            Some(State::MetricsOnly) => handle.metrics_only(self.now()),
            _ => handle.reset(self.now()),
        }
        self.model.force(state);
    }

    fn reconfigure(&mut self, knobs: Knobs) {
        let mut config = Config::clone(&self.breaker.config());
        configure(&mut config, knobs);
        let done = self.breaker.reconfigure(config, self.now());
        done.expect("a config that makes sense");
        self.model.reconfigure(knobs);
    }

    fn agree(&self) {
        let (breaker, model) = (&self.breaker, &self.model);
        assert_eq!(breaker.state(), model.state);
        assert_eq!(breaker.load().generation(), model.generation);
        assert_eq!(breaker.counts(self.now()).window, model.totals());
        if model.state == State::HalfOpen {
            let current = |(_, out): &&(_, Out)| out.generation == model.generation;
            let probes = self.out.iter().filter(current).count() as u64;
            assert_eq!(u64::from(breaker.load().in_flight()), probes);
            assert!(probes + u64::from(breaker.load().completed()) <= PERMITTED);
        }
    }
}

fn configure(config: &mut Config, knobs: Knobs) {
    knobs.turn(config);
    config.slow_call_rate_threshold = 75.0;
    config.permitted_number_of_calls_in_half_open_state = PERMITTED as u32;
    config.wait_duration_in_open_state = Duration::from_millis(WAIT);
    config.open_max_duration = Duration::from_millis(LONGEST_WAIT);
    config.max_wait_duration_in_half_open_state = Duration::from_millis(PROBE_LIMIT);
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        5 => Just(End::Told(Verdict::Success)),
        5 => Just(End::Told(Verdict::Failure)),
        2 => Just(End::Told(Verdict::Ignored)),
        3 => Just(End::GivenUp),
        1 => Just(End::Dropped),
    ]
}

fn knobs() -> impl Strategy<Value = Knobs> {
    let modes = vec![
        Mode::Enforce,
        Mode::Enforce,
        Mode::Enforce,
        Mode::Disabled,
        Mode::ForcedOpen,
        Mode::ForcedClosed,
        Mode::MetricsOnly,
    ];
    let count = select(vec![None, None, Some(6), Some(20)]);
    let numbers = (select(vec![0, 3]), select(vec![2, 4, 8]));
    (count, numbers, any::<bool>(), select(modes)).prop_map(
        |(count, (consecutive, minimum), finds_slow, mode)| Knobs {
            count,
            consecutive,
            minimum,
            finds_slow,
            mode,
        },
    )
}

fn enforced() -> impl Strategy<Value = Knobs> {
    knobs().prop_map(|knobs| Knobs {
        mode: Mode::Enforce,
        ..knobs
    })
}

fn step() -> impl Strategy<Value = Step> {
    let forced = [
        State::ForcedOpen,
        State::ForcedClosed,
        State::Disabled,
        State::MetricsOnly,
    ];
    let forces = [None, None]
        .into_iter()
        .chain(forced.map(Some))
        .collect::<Vec<_>>();
    prop_oneof![
        30 => Just(Step::Admit),
        35 => (any::<prop::sample::Index>(), end()).prop_map(|(index, end)| Step::End(index, end)),
        15 => (1_usize..8, end()).prop_map(|(calls, end)| Step::Burst(calls, end)),
        30 => (0_u64..400).prop_map(Step::Pass),
        3 => select(vec![WAIT, PROBE_LIMIT, LONGEST_WAIT]).prop_map(Step::Pass),
        2 => select(forces).prop_map(Step::Force),
        2 => enforced().prop_map(Step::Reconfigure),
        1 => knobs().prop_map(Step::Reconfigure),
        1 => Just(Step::Isolate),
        2 => Just(Step::LetGo),
    ]
}

proptest! {
    #[test]
    fn does_what_the_model_does(knobs in enforced(), steps in vec(step(), 1..300)) {
        let mut pair = Pair::new(knobs);
        steps.iter().for_each(|step| pair.take(step));
    }

    #[test]
    fn leaves_half_open_in_time_whatever_happened(knobs in enforced(), steps in vec(step(), 1..200)) {
        let mut pair = Pair::new(knobs);
        steps.iter().for_each(|step| pair.take(step));
        let probing = pair.breaker.load();
        pair.take(&Step::Pass(PROBE_LIMIT));
        pair.take(&Step::Admit);
        prop_assert!(probing.state() != State::HalfOpen || pair.breaker.load().phase() != probing.phase());
    }

    /// Neither calls nor a new configuration, whatever its mode; isolation covers it, and gives it back.
    #[test]
    fn a_forced_state_is_kept_whatever_happens(state in select(vec![State::ForcedOpen, State::ForcedClosed]), steps in vec(step(), 1..200)) {
        let mut pair = Pair::new(Knobs { count: None, consecutive: 3, minimum: 4, finds_slow: true, mode: Mode::Enforce });
        pair.take(&Step::Force(Some(state)));
        for step in steps.iter().filter(|step| !matches!(step, Step::Force(_))) {
            pair.take(step);
            let expected = if pair.isolations.is_empty() { state } else { State::ForcedOpen };
            prop_assert_eq!(pair.breaker.state(), expected);
        }
    }
}
