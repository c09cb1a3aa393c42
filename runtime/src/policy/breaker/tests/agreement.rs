//! Whatever happens in whatever order, the breaker does what the model of it does.

use std::time::Duration;

use proptest::{collection::vec, prelude::*, sample::select};

use super::super::*;
use super::breaker;
use super::model::{COUNT, LONGEST_WAIT, Model, Out, PERMITTED, PROBE_LIMIT, SLOW, WAIT, WINDOW};

/// What may happen to a breaker.
#[derive(Clone, Debug)]
enum Step {
    Admit,
    /// Ends the call of one of the permits that are out; no verdict drops it.
    End(prop::sample::Index, Option<Verdict>),
    /// Calls that end at once.
    Burst(usize, Verdict),
    /// Milliseconds.
    Pass(u64),
    /// No state resets.
    Force(Option<State>),
}

/// A breaker and its model, and the calls that are out.
struct Pair {
    breaker: Arc<Breaker>,
    start: Instant,
    model: Model,
    out: Vec<(OwnedPermit, Out)>,
}

// === Pair ===

impl Pair {
    fn new(counts_calls: bool, consecutive: u32) -> Self {
        let (breaker, start) = breaker(|config| {
            config.sliding_window = match counts_calls {
                true => Window::Count(COUNT as u32),
                false => Window::Time(Duration::from_millis(WINDOW)),
            };
            config.minimum_number_of_calls = 4;
            config.consecutive_failures = consecutive;
            config.slow_call_duration_threshold = Some(Duration::from_millis(SLOW));
            config.slow_call_rate_threshold = 75.0;
            config.permitted_number_of_calls_in_half_open_state = PERMITTED as u32;
            config.wait_duration_in_open_state = Duration::from_millis(WAIT);
            config.open_max_duration = Duration::from_millis(LONGEST_WAIT);
            config.max_wait_duration_in_half_open_state = Duration::from_millis(PROBE_LIMIT);
        });
        Self {
            breaker,
            start,
            model: Model::new(counts_calls, consecutive.into()),
            out: Vec::new(),
        }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.model.now)
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Admit => self.admit(),
            Step::End(index, verdict) if !self.out.is_empty() => {
                self.end(index.index(self.out.len()), *verdict)
            }
            Step::End(..) => {}
            Step::Burst(calls, verdict) => (0..*calls).for_each(|_| {
                let before = self.out.len();
                self.admit();
                if self.out.len() > before {
                    self.end(before, Some(*verdict));
                }
            }),
            Step::Pass(time) => self.model.now += time,
            Step::Force(state) => self.force(*state),
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

    fn end(&mut self, index: usize, verdict: Option<Verdict>) {
        let (permit, out) = self.out.swap_remove(index);
        let before = (self.breaker.state(), self.breaker.counts(self.now()).window);
        let stale = out.generation != self.model.generation;
        match verdict {
            Some(verdict) => permit.complete(self.now(), verdict),
            None => drop(permit),
        }
        if stale {
            assert_eq!(
                before,
                (self.breaker.state(), self.breaker.counts(self.now()).window)
            );
        }
        self.model.end(out, verdict);
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

fn verdict() -> impl Strategy<Value = Verdict> {
    select(vec![
        Verdict::Success,
        Verdict::Failure,
        Verdict::Success,
        Verdict::Failure,
        Verdict::Ignored,
    ])
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
        30 => (any::<prop::sample::Index>(), verdict()).prop_map(|(index, verdict)| Step::End(index, Some(verdict))),
        5 => any::<prop::sample::Index>().prop_map(|index| Step::End(index, None)),
        15 => (1_usize..8, verdict()).prop_map(|(calls, verdict)| Step::Burst(calls, verdict)),
        30 => (0_u64..400).prop_map(Step::Pass),
        3 => select(vec![WAIT, PROBE_LIMIT, LONGEST_WAIT]).prop_map(Step::Pass),
        2 => select(forces).prop_map(Step::Force),
    ]
}

proptest! {
    #[test]
    fn does_what_the_model_does(counts_calls: bool, consecutive in select(vec![0, 3]), steps in vec(step(), 1..300)) {
        let mut pair = Pair::new(counts_calls, consecutive);
        steps.iter().for_each(|step| pair.take(step));
    }

    #[test]
    fn leaves_half_open_in_time_whatever_happened(steps in vec(step(), 1..200)) {
        let mut pair = Pair::new(false, 0);
        steps.iter().for_each(|step| pair.take(step));
        let probing = pair.breaker.load();
        pair.take(&Step::Pass(PROBE_LIMIT));
        pair.take(&Step::Admit);
        prop_assert!(probing.state() != State::HalfOpen || pair.breaker.load().phase() != probing.phase());
    }

    #[test]
    fn a_forced_state_is_kept_whatever_happens(state in select(vec![State::ForcedOpen, State::ForcedClosed]), steps in vec(step(), 1..200)) {
        let mut pair = Pair::new(false, 3);
        pair.take(&Step::Force(Some(state)));
        for step in steps.iter().filter(|step| !matches!(step, Step::Force(_))) {
            pair.take(step);
            prop_assert_eq!(pair.breaker.state(), state);
        }
    }
}
