//! One sweep: what the last interval says about each endpoint, and who goes and who returns (gRFC A50).

use std::sync::Arc;
use std::time::Instant;

use super::config::{Config, FailurePercentage, SuccessRate};
use super::endpoint::{Endpoint, Tally};
use super::event::{Action, DetectionMethod, Event, UnenforcedReason};

/// Rates that differ by less are the same: a mean of equal numbers is often not exactly that number.
const ROUNDING: f64 = 1e-9;

/// An endpoint as the sweeps see it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) endpoint: Arc<Endpoint>,
    /// The interval that was swept last.
    pub(super) last: Tally,
    /// The longest run of failures in it.
    run: u32,
    pub(super) multiplier: u32,
    ejected: Option<Ejected>,
}

#[derive(Clone, Copy, Debug)]
struct Ejected {
    at: Instant,
    /// From `[0, 1)`.
    jitter: f64,
}

/// A sweep under way.
pub(super) struct Sweep<'a, R> {
    pub(super) config: &'a Config,
    pub(super) now: Instant,
    pub(super) random: R,
    pub(super) entries: &'a mut [Entry],
    pub(super) events: Vec<Event>,
}

// === Entry ===

impl Entry {
    pub(super) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self {
            endpoint,
            last: Tally::default(),
            run: 0,
            multiplier: 0,
            ejected: None,
        }
    }

    /// Lets it return if it was ejected. Whether it was.
    pub(super) fn readmit(&mut self) -> bool {
        let was = self.ejected.take().is_some();
        if was {
            self.endpoint.set_ejected(false);
        }
        was
    }

    /// As if it had never been ejected, nor called.
    pub(super) fn reset(&mut self) -> bool {
        self.multiplier = 0;
        self.endpoint.clear();
        self.readmit()
    }

    pub(super) fn event(&self, action: Action) -> Event {
        Event {
            endpoint: Arc::clone(self.endpoint.name()),
            action,
        }
    }
}

// === Sweep ===

impl<R: FnMut() -> f64> Sweep<'_, R> {
    pub(super) fn run(mut self) -> Vec<Event> {
        for entry in &mut *self.entries {
            (entry.last, entry.run) = entry.endpoint.take();
        }
        if let Some(rate) = self.config.success_rate_ejection {
            let found = below_the_others(self.entries, &rate);
            let method = DetectionMethod::SuccessRate;
            self.eject(method, &found, rate.enforcement_percentage);
        }
        if let Some(failures) = self.config.failure_percentage_ejection {
            let found = failing(self.entries, &failures);
            let method = DetectionMethod::FailurePercentage;
            self.eject(method, &found, failures.enforcement_percentage);
        }
        if self.config.consecutive_failures > 0 {
            let found = in_a_row(self.entries, self.config.consecutive_failures);
            self.eject(DetectionMethod::ConsecutiveFailures, &found, 100);
        }
        self.settle();
        self.events
    }

    /// Ejects what was found, in this order, as far as that is allowed. What is ejected already is left alone: A50 does
    /// not say so, and would double the time of what two methods find.
    fn eject(&mut self, method: DetectionMethod, found: &[usize], enforcement: u32) {
        for &index in found {
            if self.entries[index].ejected.is_some() {
                continue;
            }
            let full = self.is_full();
            let entry = &mut self.entries[index];
            let unenforced = |reason| Action::Unenforced { method, reason };
            let action = if full {
                unenforced(UnenforcedReason::MaxEjectionOverflow)
            } else if (self.random)() * 100.0 >= f64::from(enforcement) {
                unenforced(UnenforcedReason::EnforcementPercentage)
            } else {
                let (at, jitter) = (self.now, (self.random)());
                entry.ejected = Some(Ejected { at, jitter });
                entry.multiplier = entry.multiplier.saturating_add(1);
                entry.endpoint.set_ejected(true);
                let multiplier = entry.multiplier;
                Action::Ejected { method, multiplier }
            };
            self.events.push(entry.event(action));
        }
    }

    /// Whether enough are ejected. Asked before each ejection, so one always may be.
    fn is_full(&self) -> bool {
        let ejected = self.entries.iter().filter(|entry| entry.ejected.is_some());
        let limit = self.config.max_ejection_percent as usize * self.entries.len();
        ejected.count() * 100 >= limit
    }

    /// Lets return whose time is over, and forgets the ejections of the rest one by one.
    fn settle(&mut self) {
        for entry in &mut *self.entries {
            let Some(Ejected { at, jitter }) = entry.ejected else {
                entry.multiplier = entry.multiplier.saturating_sub(1);
                continue;
            };
            let time = self.config.ejection_time(entry.multiplier, jitter);
            if self.now.saturating_duration_since(at) > time {
                entry.readmit();
                self.events.push(entry.event(Action::Returned));
            }
        }
    }
}

// === Finding outliers, the worst first ===

fn below_the_others(entries: &[Entry], criterion: &SuccessRate) -> Vec<usize> {
    let candidates = with_volume(entries, criterion.request_volume);
    if candidates.len() < criterion.minimum_hosts as usize {
        return Vec::new();
    }
    let rate = |index: &usize| success_rate(entries[*index].last);
    let rates: Vec<f64> = candidates.iter().map(rate).collect();
    let mean = mean(&rates);
    let allowed = f64::from(criterion.stdev_factor) / 1_000.0;
    let required = mean - standard_deviation(&rates, mean) * allowed;
    let below = |index: &usize| rate(index) < required - ROUNDING;
    worst_first(entries, candidates.into_iter().filter(below).collect())
}

fn failing(entries: &[Entry], criterion: &FailurePercentage) -> Vec<usize> {
    let candidates = with_volume(entries, criterion.request_volume);
    if candidates.len() < criterion.minimum_hosts as usize {
        return Vec::new();
    }
    // In whole numbers, so that exactly the threshold is exactly the threshold.
    let above = |index: &usize| {
        let tally = entries[*index].last;
        u64::from(tally.failures) * 100 > u64::from(criterion.threshold) * tally.volume()
    };
    worst_first(entries, candidates.into_iter().filter(above).collect())
}

fn in_a_row(entries: &[Entry], failures: u32) -> Vec<usize> {
    let mut found: Vec<usize> = (0..entries.len())
        .filter(|index| entries[*index].run >= failures)
        .collect();
    found.sort_by_key(|index| std::cmp::Reverse(entries[*index].run));
    found
}

/// The endpoints that had so many calls, and at least one.
fn with_volume(entries: &[Entry], volume: u32) -> Vec<usize> {
    let enough = |index: &usize| entries[*index].last.volume() >= u64::from(volume.max(1));
    (0..entries.len()).filter(enough).collect()
}

/// Where not all may go, the worst should.
fn worst_first(entries: &[Entry], mut found: Vec<usize>) -> Vec<usize> {
    found.sort_by(|one, other| {
        let rate = |index: &usize| success_rate(entries[*index].last);
        rate(one).total_cmp(&rate(other))
    });
    found
}

fn success_rate(tally: Tally) -> f64 {
    f64::from(tally.successes) / tally.volume() as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Of a whole population, as A50 has it, not of a sample.
fn standard_deviation(values: &[f64], mean: f64) -> f64 {
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (squares.sum::<f64>() / values.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// grpc-java `mathChecksOut`.
    #[test]
    fn the_mean_and_the_deviation_are_a_populations() {
        let values = [600.0, 470.0, 170.0, 430.0, 300.0];
        assert_eq!(mean(&values), 394.0);
        assert_eq!(standard_deviation(&values, 394.0), 147.322_774_885_623_18);
    }
}
