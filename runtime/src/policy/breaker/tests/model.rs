//! A breaker as plain as can be: lists, no packing, no sharing, one thing after the other.

use std::time::Duration;

use super::super::{Config, Mode, State, Totals, Verdict, Window};

pub(super) const SLICE: u64 = 100;
pub(super) const WINDOW: u64 = 10 * SLICE;
pub(super) const PERMITTED: u64 = 5;
pub(super) const SLOW: u64 = 300;
pub(super) const WAIT: u64 = 500;
pub(super) const LONGEST_WAIT: u64 = 2_000;
pub(super) const PROBE_LIMIT: u64 = 1_000;

/// What a reconfiguration changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Knobs {
    /// The calls that a window counts; none for a window of time.
    pub(super) count: Option<u64>,
    pub(super) consecutive: u64,
    pub(super) minimum: u64,
    pub(super) finds_slow: bool,
    pub(super) mode: Mode,
}

/// The model. Times are milliseconds since the breaker was made.
pub(super) struct Model {
    knobs: Knobs,
    rejudge: bool,
    pub(super) now: u64,
    pub(super) state: State,
    pub(super) generation: u32,
    until: u64,
    /// Of this generation and window: slice, failed, slow.
    calls: Vec<(u64, bool, bool)>,
    /// Since the window was made.
    recorded: u64,
    /// The slices of calls that were given up.
    abandoned: Vec<u64>,
    /// Identities and beginnings of the calls under way that may become slow.
    flying: Vec<(u64, u64)>,
    admitted: u64,
    looked: u64,
    in_a_row: u64,
    probes: Probes,
    waits: u32,
    closed_at: u64,
    by_hand: bool,
    isolated: u32,
    /// State and end of the wait.
    beneath: (State, u64),
}

#[derive(Clone, Copy, Default)]
struct Probes {
    out: u64,
    good: u64,
    failed: u64,
    slow: u64,
}

/// A call that is out, for the model.
#[derive(Clone, Copy)]
pub(super) struct Out {
    pub(super) generation: u32,
    id: u64,
    started: u64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Told(Verdict),
    /// Given up by its caller, who said when.
    GivenUp,
    Dropped,
}

// === Knobs ===

impl Knobs {
    pub(super) fn turn(self, config: &mut Config) {
        config.sliding_window = match self.count {
            Some(count) => Window::Count(count as u32),
            None => Window::Time(Duration::from_millis(WINDOW)),
        };
        config.minimum_number_of_calls = self.minimum as u32;
        config.consecutive_failures = self.consecutive as u32;
        config.slow_call_duration_threshold =
            self.finds_slow.then_some(Duration::from_millis(SLOW));
        config.mode = self.mode;
    }
}

// === Model ===

impl Model {
    pub(super) fn new(knobs: Knobs) -> Self {
        Self {
            knobs,
            rejudge: false,
            now: 0,
            state: knobs.mode.state(),
            generation: 0,
            until: 0,
            calls: Vec::new(),
            recorded: 0,
            abandoned: Vec::new(),
            flying: Vec::new(),
            admitted: 0,
            looked: 0,
            in_a_row: 0,
            probes: Probes::default(),
            waits: 0,
            closed_at: 0,
            by_hand: false,
            isolated: 0,
            beneath: (State::Closed, 0),
        }
    }

    /// Leave, or how long until the breaker reconsiders.
    pub(super) fn admit(&mut self) -> Result<Out, Option<u64>> {
        self.look();
        let due = self.now >= self.until;
        if self.state == State::Open && due {
            self.enter(State::HalfOpen);
        }
        if self.state == State::HalfOpen {
            self.decide(self.now >= self.until);
        }
        match self.state {
            State::ForcedOpen => return Err(None),
            State::Open => return Err(Some(self.until - self.now)),
            State::HalfOpen => {
                let Probes {
                    out, good, failed, ..
                } = self.probes;
                let at_a_time = [1, 2, 2, 4, 4][good as usize];
                if out >= at_a_time || out + good + failed >= PERMITTED {
                    return Err(Some(self.until - self.now));
                }
                self.probes.out += 1;
            }
            _ => {}
        }
        self.admitted += 1;
        if self.knobs.finds_slow {
            self.flying.push((self.admitted, self.now));
        }
        Ok(Out {
            generation: self.generation,
            id: self.admitted,
            started: self.now,
        })
    }

    /// Once in an eighth of the threshold, the calls under way may open the breaker.
    fn look(&mut self) {
        let due = self.knobs.finds_slow && self.looked != eighth(self.now);
        if due {
            self.looked = eighth(self.now);
        }
        if due && self.late() > 0 && matches!(self.state, State::Closed | State::MetricsOnly) {
            self.judge(false);
        }
    }

    /// What the probes say before another goes out.
    fn decide(&mut self, time_is_up: bool) {
        let Probes {
            good, failed, slow, ..
        } = self.probes;
        let slow = slow + self.late();
        let known = good + failed + self.late();
        if time_is_up {
            self.enter(match known {
                0 => State::HalfOpen,
                _ if bad(failed, slow, known) => State::Open,
                _ if good > 0 => State::Closed,
                _ => State::HalfOpen,
            });
        } else if bad(failed, slow, PERMITTED) {
            self.enter(State::Open);
        }
    }

    fn late(&self) -> u64 {
        let late = |began: u64| eighth(self.now) - eighth(began) > 8;
        self.flying.iter().filter(|call| late(call.1)).count() as u64
    }

    pub(super) fn end(&mut self, call: Out, end: End) {
        self.flying.retain(|(id, _)| *id != call.id);
        if call.generation != self.generation {
            return;
        }
        let slow = self.knobs.finds_slow && self.now - call.started >= SLOW;
        let given_up = matches!(end, End::GivenUp);
        let failed = matches!(end, End::Told(Verdict::Failure));
        let told = failed || matches!(end, End::Told(Verdict::Success));
        match self.state {
            State::HalfOpen => {
                self.probes.out -= 1;
                if told || given_up && slow {
                    self.end_probe(failed, slow);
                }
            }
            State::Closed | State::ForcedClosed | State::MetricsOnly => {
                if told || given_up && slow {
                    self.record(failed, slow);
                } else if given_up {
                    self.abandoned.push(self.now / SLICE);
                }
                if told && self.knobs.consecutive > 0 {
                    self.in_a_row = if failed { self.in_a_row + 1 } else { 0 };
                }
                if failed || told && (slow || self.rejudge) || given_up {
                    self.judge(failed);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, failed: bool, slow: bool) {
        self.recorded += 1;
        self.calls.push((self.now / SLICE, failed, slow));
        if self.knobs.count.is_some() {
            self.abandoned.clear();
        }
    }

    fn end_probe(&mut self, failed: bool, slow: bool) {
        self.probes.good += u64::from(!failed);
        self.probes.failed += u64::from(failed);
        self.probes.slow += u64::from(slow);
        let Probes {
            good, failed, slow, ..
        } = self.probes;
        if bad(failed, slow, PERMITTED) {
            self.enter(State::Open);
        } else if good + failed == PERMITTED {
            self.enter(State::Closed);
        }
    }

    fn judge(&mut self, failed: bool) {
        self.rejudge = false;
        let totals = self.totals();
        let limit = self.knobs.consecutive;
        let in_a_row = failed && limit > 0 && self.in_a_row >= limit;
        let minimum = match self.knobs.count {
            Some(count) => count.min(self.knobs.minimum),
            None => self.knobs.minimum,
        };
        let (calls, abandoned) = (u64::from(totals.calls), u64::from(totals.abandoned));
        let all_abandoned = calls == 0 && abandoned >= minimum;
        let bad = calls >= minimum && bad(totals.failed.into(), totals.slow.into(), calls);
        if self.state == State::Closed && (in_a_row || all_abandoned || bad) {
            self.enter(State::Open);
        }
    }

    pub(super) fn totals(&self) -> Totals {
        let recent = |slice: u64| self.now / SLICE - slice < 10;
        let counted: Vec<_> = match self.knobs.count {
            Some(count) => {
                let first = self.calls.len().saturating_sub(count as usize);
                self.calls[first..].iter().collect()
            }
            None => self.calls.iter().filter(|call| recent(call.0)).collect(),
        };
        let abandoned = self.abandoned.iter().filter(|slice| recent(**slice));
        Totals {
            calls: counted.len() as u32 + self.late() as u32,
            failed: counted.iter().filter(|call| call.1).count() as u32,
            slow: counted.iter().filter(|call| call.2).count() as u32 + self.late() as u32,
            abandoned: match self.knobs.count {
                Some(_) => self.abandoned.len() as u32,
                None => abandoned.count() as u32,
            },
        }
    }

    /// How far the window has slid, and how long it is.
    fn progress(&self) -> (u64, u64) {
        match self.knobs.count {
            Some(count) => (self.recorded, count),
            None => (self.now, WINDOW),
        }
    }

    fn enter(&mut self, state: State) {
        let (progress, window) = self.progress();
        if self.state == State::Closed {
            let forgiven = progress.saturating_sub(self.closed_at) / window;
            self.waits = self.waits.saturating_sub(forgiven as u32);
        }
        match state {
            State::Open => {
                self.until = self.now + LONGEST_WAIT.min(WAIT << self.waits.min(10));
                self.waits += 1;
            }
            State::HalfOpen => {
                self.until = self.now + PROBE_LIMIT;
                self.probes = Probes::default();
            }
            State::Closed => self.closed_at = progress,
            _ => {}
        }
        self.become_new(state);
    }

    fn become_new(&mut self, state: State) {
        if matches!(
            state,
            State::Closed | State::ForcedClosed | State::MetricsOnly
        ) {
            self.calls.clear();
            self.abandoned.clear();
            self.in_a_row = 0;
        }
        self.flying.clear();
        self.state = state;
        self.generation += 1;
    }

    /// No state resets.
    pub(super) fn force(&mut self, state: Option<State>) {
        self.by_hand = state.is_some();
        if state.is_none() {
            self.waits = 0;
        }
        self.put(state.unwrap_or_else(|| self.knobs.mode.state()));
    }

    fn put(&mut self, state: State) {
        match self.isolated {
            0 => self.enter(state),
            _ => self.beneath = (state, 0),
        }
    }

    pub(super) fn reconfigure(&mut self, knobs: Knobs) {
        let before = std::mem::replace(&mut self.knobs, knobs);
        if before.finds_slow != knobs.finds_slow {
            self.flying.clear();
        }
        if before.count != knobs.count {
            self.calls.clear();
            self.abandoned.clear();
            self.recorded = 0;
            self.closed_at = self.progress().0;
        }
        if before.consecutive == 0 {
            self.in_a_row = 0;
        }
        self.rejudge = true;
        if before.mode != knobs.mode && !self.by_hand {
            self.put(knobs.mode.state());
        }
    }

    pub(super) fn isolate(&mut self) {
        if self.isolated == 0 {
            self.beneath = match self.state {
                State::Open => (State::Open, self.until),
                State::HalfOpen => (State::Open, 0),
                state => (state, 0),
            };
            self.enter(State::ForcedOpen);
        }
        self.isolated += 1;
    }

    pub(super) fn let_go(&mut self) {
        self.isolated -= 1;
        match (self.isolated, self.beneath) {
            (0, (State::Open, until)) => {
                self.until = until;
                self.become_new(State::Open);
            }
            (0, (state, _)) => self.enter(state),
            _ => {}
        }
    }
}

/// The eighth of the threshold that a time is in.
fn eighth(time: u64) -> u64 {
    time * 8 / SLOW
}

/// Half of them failed, or three quarters were slow.
fn bad(failed: u64, slow: u64, calls: u64) -> bool {
    2 * failed >= calls || 4 * slow >= 3 * calls
}
