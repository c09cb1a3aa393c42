//! A breaker as plain as can be: lists, no packing, no sharing, one thing after the other.

use super::super::{State, Totals, Verdict};

pub(super) const SLICE: u64 = 100;
pub(super) const WINDOW: u64 = 10 * SLICE;
pub(super) const COUNT: u64 = 6;
pub(super) const PERMITTED: u64 = 5;
pub(super) const SLOW: u64 = 300;
pub(super) const WAIT: u64 = 500;
pub(super) const LONGEST_WAIT: u64 = 2_000;
pub(super) const PROBE_LIMIT: u64 = 1_000;

/// The model. Times are milliseconds since the breaker was made.
pub(super) struct Model {
    counts_calls: bool,
    consecutive: u64,
    pub(super) now: u64,
    pub(super) state: State,
    pub(super) generation: u32,
    until: u64,
    /// Of this generation: slice, failed, slow.
    calls: Vec<(u64, bool, bool)>,
    ever_recorded: u64,
    in_a_row: u64,
    probes: Probes,
    waits: u32,
    closed_at: u64,
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
    started: u64,
}

// === Model ===

impl Model {
    pub(super) fn new(counts_calls: bool, consecutive: u64) -> Self {
        Self {
            counts_calls,
            consecutive,
            now: 0,
            state: State::Closed,
            generation: 0,
            until: 0,
            calls: Vec::new(),
            ever_recorded: 0,
            in_a_row: 0,
            probes: Probes::default(),
            waits: 0,
            closed_at: 0,
        }
    }

    /// Leave, or how long until the breaker reconsiders.
    pub(super) fn admit(&mut self) -> Result<Out, Option<u64>> {
        let due = self.now >= self.until;
        if self.state == State::Open && due {
            self.enter(State::HalfOpen);
        } else if self.state == State::HalfOpen && due {
            let Probes {
                good, failed, slow, ..
            } = self.probes;
            self.enter(match good + failed {
                0 => State::HalfOpen,
                back if bad(failed, slow, back) => State::Open,
                _ => State::Closed,
            });
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
        Ok(Out {
            generation: self.generation,
            started: self.now,
        })
    }

    pub(super) fn end(&mut self, call: Out, verdict: Option<Verdict>) {
        if call.generation != self.generation {
            return;
        }
        let slow = self.now - call.started >= SLOW;
        let failed = verdict == Some(Verdict::Failure);
        let says_something = failed || verdict == Some(Verdict::Success);
        match self.state {
            State::HalfOpen => {
                self.probes.out -= 1;
                if says_something {
                    self.end_probe(failed, slow);
                }
            }
            State::Closed | State::ForcedClosed | State::MetricsOnly if says_something => {
                self.ever_recorded += 1;
                self.calls.push((self.now / SLICE, failed, slow));
                self.in_a_row = if failed { self.in_a_row + 1 } else { 0 };
                if self.state == State::Closed && (failed || slow) && self.too_many(failed) {
                    self.enter(State::Open);
                }
            }
            _ => {}
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

    fn too_many(&self, failed: bool) -> bool {
        let totals = self.totals();
        let in_a_row = failed && self.consecutive > 0 && self.in_a_row >= self.consecutive;
        in_a_row
            || totals.calls >= 4
                && bad(
                    totals.failed.into(),
                    totals.slow.into(),
                    totals.calls.into(),
                )
    }

    pub(super) fn totals(&self) -> Totals {
        let slice = self.now / SLICE;
        let first = self.calls.len().saturating_sub(COUNT as usize);
        let counted: Vec<_> = match self.counts_calls {
            true => self.calls[first..].iter().collect(),
            false => self
                .calls
                .iter()
                .filter(|call| slice - call.0 < 10)
                .collect(),
        };
        Totals {
            calls: counted.len() as u32,
            failed: counted.iter().filter(|call| call.1).count() as u32,
            slow: counted.iter().filter(|call| call.2).count() as u32,
        }
    }

    fn enter(&mut self, state: State) {
        let (progress, window) = match self.counts_calls {
            true => (self.ever_recorded, COUNT),
            false => (self.now, WINDOW),
        };
        if self.state == State::Closed && state == State::Open {
            let forgiven = (progress - self.closed_at) / window;
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
        if matches!(
            state,
            State::Closed | State::ForcedClosed | State::MetricsOnly
        ) {
            self.calls.clear();
            self.in_a_row = 0;
        }
        self.state = state;
        self.generation += 1;
    }

    pub(super) fn force(&mut self, state: Option<State>) {
        if state.is_none() {
            self.waits = 0;
        }
        self.enter(state.unwrap_or(State::Closed));
    }
}

/// Half of them failed, or three quarters were slow.
fn bad(failed: u64, slow: u64, calls: u64) -> bool {
    2 * failed >= calls || 4 * slow >= 3 * calls
}
