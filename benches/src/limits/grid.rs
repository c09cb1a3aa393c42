//! The grid: every algorithm in every scenario, over several seeds, as figures that compare.

use std::fmt;

use couplet::policy::limit::adaptive::{Algorithm, Config};

use super::{
    model::{Run, Tally, play},
    scenario::{Scenario, at},
};

/// The columns of the grid.
pub const ALGORITHMS: [(&str, Algorithm); 5] = [
    ("hybrid", Algorithm::Hybrid),
    ("gradient2", Algorithm::Gradient2),
    ("vegas", Algorithm::Vegas),
    ("aimd", Algorithm::Aimd),
    ("fixed", Algorithm::Fixed),
];

/// What an algorithm made of a scenario: the mean over all seeds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cell {
    /// Calls served in time, of what the server can do or of what was asked for if that is less.
    pub goodput: f64,
    /// The 50th percentile of the latency of served calls, as a multiple of the 99th without load.
    pub p50: f64,
    /// The 99th, likewise.
    pub p99: f64,
    /// The 99th, the time included in which the limit was found.
    pub unsettled: f64,
    /// Which part of the calls was refused.
    pub refused: f64,
    /// The limit on average.
    pub limit: f64,
    /// Which part of the calls of the first kind of clients was served in time.
    pub first: f64,
}

/// Plays `scenario` with `algorithm` once for each of the `seeds`.
pub fn cell(scenario: &Scenario, algorithm: Algorithm, seeds: &[u64]) -> Cell {
    let mut config = Config::default();
    config.algorithm = algorithm;
    let cells = seeds
        .iter()
        .map(|seed| measure(scenario, play(scenario, config, *seed)));
    let part = 1.0 / seeds.len() as f64;
    cells.fold(Cell::default(), |sum, one| Cell {
        goodput: sum.goodput + one.goodput * part,
        p50: sum.p50 + one.p50 * part,
        p99: sum.p99 + one.p99 * part,
        unsettled: sum.unsettled + one.unsettled * part,
        refused: sum.refused + one.refused * part,
        limit: sum.limit + one.limit * part,
        first: sum.first + one.first * part,
    })
}

fn measure(scenario: &Scenario, run: Run) -> Cell {
    let Run {
        clients,
        unsettled,
        limits,
    } = run;
    let first = &clients[0];
    let first = ratio(first.good, first.offered);
    let all = clients.into_iter().reduce(Tally::and).unwrap_or_default();
    let seconds = scenario.ends - scenario.settled;
    let possible = scenario.capacity(at(scenario.servers, scenario.ends)) * seconds;
    let unloaded = scenario.work.slow();
    let (refused, wanted) = (ratio(all.refused, all.offered), all.offered as f64);
    let settled = limits
        .get((scenario.settled * 10.0) as usize..)
        .unwrap_or(&[]);
    let limit: u32 = settled.iter().sum();
    let mut latencies = all.latencies;
    Cell {
        goodput: all.good as f64 / possible.min(wanted),
        p50: percentile(&mut latencies, 0.5) / unloaded,
        p99: percentile(&mut latencies, 0.99) / unloaded,
        unsettled: percentile(&mut { unsettled }, 0.99) / unloaded,
        refused,
        limit: f64::from(limit) / settled.len().max(1) as f64,
        first,
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    values.get((last * share) as usize).copied().unwrap_or(0.0)
}

impl Tally {
    fn and(mut self, other: Self) -> Self {
        self.offered += other.offered;
        self.refused += other.refused;
        self.good += other.good;
        self.latencies.extend(other.latencies);
        self
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            goodput,
            p50,
            p99,
            unsettled,
            refused,
            limit,
            first,
        } = self;
        write!(
            formatter,
            "{goodput:.2} | {p50:.2} | {p99:.2} | {unsettled:.2} | {refused:.2} | {limit:.0} | {first:.2}"
        )
    }
}
