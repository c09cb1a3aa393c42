//! When calls are too bad to go on, and what probes say: plain arithmetic on counts.

use super::change::Step;
use super::event::Cause;
use super::state::{State, Word};
use super::window::Totals;
use super::{Abandoned, Config, Mode, Window};

impl Config {
    /// Why calls like these should stop, if they should.
    pub(super) fn too_many(&self, totals: Totals) -> Option<Cause> {
        let minimum = match self.sliding_window {
            Window::Count(size) => size.min(self.minimum_number_of_calls),
            Window::Time(_) => self.minimum_number_of_calls,
        };
        if totals.calls == 0 && totals.abandoned >= minimum {
            return (self.abandoned == Abandoned::UnlessAll).then_some(Cause::Abandoned);
        }
        if totals.calls < minimum {
            return None;
        }
        self.exceeded(totals.failed, totals.slow, totals.calls)
    }

    /// What the probes that came back decide, and the `late` that are out but slow already, if they decide anything yet:
    /// enough bad ones open at once, and all of them are needed to close.
    pub(super) fn probed(&self, word: Word, late: u32) -> Option<Step> {
        let permitted = self.permitted_number_of_calls_in_half_open_state;
        match self.exceeded(word.failed(), word.slow() + late, permitted) {
            Some(cause) => Some(Step::new(State::Open, cause)),
            None if word.completed() >= permitted => {
                Some(Step::new(State::Closed, Cause::ProbesPassed))
            }
            None => None,
        }
    }

    /// What to do when time is up and probes are missing: those that came back decide, and the `late`; if there are
    /// none, as many are sent again.
    pub(super) fn probed_in_time(&self, word: Word, late: u32) -> Step {
        let known = word.completed() + late;
        if known == 0 {
            return Step::new(State::HalfOpen, Cause::ProbesLost);
        }
        match self.exceeded(word.failed(), word.slow() + late, known) {
            Some(cause) => Step::new(State::Open, cause),
            None if word.good() > 0 => Step::new(State::Closed, Cause::ProbesPassed),
            None => Step::new(State::HalfOpen, Cause::ProbesLost),
        }
    }

    fn exceeded(&self, failed: u32, slow: u32, calls: u32) -> Option<Cause> {
        if reaches(failed, calls, self.failure_rate_threshold) {
            Some(Cause::FailureRate)
        } else if reaches(slow, calls, self.slow_call_rate_threshold) {
            Some(Cause::SlowCallRate)
        } else {
            None
        }
    }
}

impl Mode {
    /// The state in which a breaker of this mode starts.
    pub(super) const fn state(self) -> State {
        match self {
            Self::Enforce => State::Closed,
            Self::AdaptiveThrottle => State::Throttling,
            Self::Disabled => State::Disabled,
            Self::ForcedOpen => State::ForcedOpen,
            Self::ForcedClosed => State::ForcedClosed,
            Self::MetricsOnly => State::MetricsOnly,
        }
    }
}

/// Whether `part` is at least `percent` of `whole`.
fn reaches(part: u32, whole: u32, percent: f32) -> bool {
    f64::from(part) * 100.0 >= f64::from(whole) * f64::from(percent)
}
