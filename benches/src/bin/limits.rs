//! The limits that learn, one beside the other: a server in fifteen kinds of trouble, played as events without sockets
//! or real time. Prints the grid as markdown and draws it.

use std::{env, fs, path::PathBuf};

use couplet::policy::limit::adaptive::Config;
use couplet_benches::limits::{
    figure::{Course, Row, draw},
    grid::{ALGORITHMS, Cell, cell},
    model::play,
    scenario::{ALL, Scenario},
};

const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
/// The scenario whose limits are drawn over time.
const DRAWN: &str = "step to 10";

fn main() {
    let rows: Vec<Row<'_>> = ALL.iter().map(row).collect();
    print(&rows);
    let figure = draw(&rows, &courses());
    let path = env::args().nth(1).map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../docs/figures/limits.svg"
            ))
        },
        PathBuf::from,
    );
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).expect("a folder for the figure");
    }
    fs::write(&path, figure).expect("a place for the figure");
    hold(&rows);
}

fn row(scenario: &Scenario) -> Row<'_> {
    let cells = ALGORITHMS.map(|(_, algorithm)| cell(scenario, algorithm, &SEEDS));
    (scenario, cells.into())
}

fn courses() -> Vec<Course> {
    let drawn = ALL.iter().find(|scenario| scenario.name == DRAWN);
    let scenario = drawn.expect("the scenario is in the grid");
    let course = |(name, algorithm)| {
        let mut config = Config::default();
        config.algorithm = algorithm;
        (name, play(scenario, config, SEEDS[0]).limits)
    };
    ALGORITHMS.map(course).into()
}

fn print(rows: &[Row<'_>]) {
    println!(
        "| scenario | limit | goodput | p50 | p99 | p99, with the change | refused | limit on average | first served |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (scenario, cells) in rows {
        for ((name, _), cell) in ALGORITHMS.iter().zip(cells) {
            println!("| {} | {name} | {cell} |", scenario.name);
        }
    }
}

/// What the default promises: it ends with an error if it does not keep it.
fn hold(rows: &[Row<'_>]) {
    let broken = |(scenario, cells): &&Row<'_>| {
        let Cell { goodput, p99, .. } = cells[0];
        let impatient = scenario.name.starts_with("impatient");
        !impatient && (goodput < 0.9 || p99 > 2.0)
    };
    let names: Vec<&str> = rows
        .iter()
        .filter(broken)
        .map(|(scenario, _)| scenario.name)
        .collect();
    assert!(
        names.is_empty(),
        "the default serves less than 0.9 of what could be, or takes more than twice as long, in: {names:?}"
    );
}
