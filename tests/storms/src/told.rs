//! What a scenario tells: its figures by name, and a line to draw.

use std::time::Duration;

use couplet_simulation::{Calls, Run, Window};

use crate::SECOND;

/// The outcome of one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// What was tried, such as `chain stop`.
    pub name: String,
    /// Each figure, by its name.
    pub figures: Vec<(&'static str, f64)>,
    /// Something over time.
    pub line: Line,
    /// Of the run: the same for the same seed.
    pub digest: u64,
}

/// Something over time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// What is drawn, with its unit.
    pub of: &'static str,
    /// Seconds, and the value at each.
    pub points: Vec<(f64, f64)>,
}

impl Told {
    pub(crate) fn new(name: impl Into<String>, run: Run<(Vec<(&'static str, f64)>, Line)>) -> Self {
        let (figures, line) = run.output;
        Self {
            name: name.into(),
            figures,
            line,
            digest: run.digest,
        }
    }

    /// One figure.
    ///
    /// # Panics
    /// If there is none of this name.
    pub fn figure(&self, name: &str) -> f64 {
        let found = self.figures.iter().find(|(one, _)| *one == name);
        let (_, value) = found.unwrap_or_else(|| panic!("no figure `{name}` in {self:?}"));
        *value
    }
}

impl Line {
    /// Calls that succeeded in each second.
    pub(crate) fn goodput(calls: &Calls) -> Self {
        Self::of("calls that succeed, 1/s", calls, |window| window.goodput())
    }

    pub(crate) fn of(of: &'static str, calls: &Calls, value: impl Fn(&Window<'_>) -> f64) -> Self {
        let windows = calls.series(SECOND);
        let points = windows.map(|window| (window.time().start.as_secs_f64(), value(&window)));
        Self {
            of,
            points: points.collect(),
        }
    }
}

/// Seconds to recover; infinite if it never did.
pub(crate) fn recovery(calls: &Calls, trigger: Duration) -> f64 {
    let time = calls.recovery(trigger, 0.99);
    time.map_or(f64::INFINITY, |time| time.as_secs_f64())
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
