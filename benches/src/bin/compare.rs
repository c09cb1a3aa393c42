//! Runs couplet and tonic in turn, pair by pair, and prints what they did and used, as ratios and as figures.

use std::{io, process::ExitCode};

use couplet_benches::{
    arguments::Arguments,
    load::{Load, Shape, Until},
    measured::Figures,
    pair::{Pair, Which, Wrappers},
    table::{Table, median, ratio, short},
};

const HELP: &str = "\
Compares couplet, with the policies of its contract, with plain tonic.

usage: benches/run compare [--rounds N] [--seconds S] [--bare] [--one-thread]

Each end of each peer is a process of its own. Each line of the table is made of
N rounds; in a round each peer works for S seconds, one after the other, and who
begins alternates. The first table holds medians of the ratios of each round.

  --rounds N    7
  --seconds S   1
  --bare        couplet without policies, to see what they cost
  --one-thread  each process on one thread";

/// What is compared: kinds of calls, and how many at once.
const SHAPES: [Shape; 4] = [
    Shape::Unary(0),
    Shape::Unary(100),
    Shape::Unary(64 << 10),
    Shape::Stream(100, 100),
];
const CONCURRENCY: [u32; 3] = [1, 16, 64];

/// What is read off every round.
const FIGURES: [&str; 7] = [
    "calls/s",
    "p50 µs",
    "p99 µs",
    "client CPU µs",
    "server CPU µs",
    "client allocs",
    "server allocs",
];

/// Seconds that each peer may warm up in before a line's first round.
const WARM_UP: f64 = 0.3;

/// Couplet's counters that must have counted every call, on either end.
const COUNTED: [(End, &[&str]); 5] = [
    (CLIENT, &["deadline.bounded"]),
    (CLIENT, &["version.fitting"]),
    (
        CLIENT,
        &["breaker.Unary.successes", "breaker.Stream.successes"],
    ),
    (SERVER, &["deadline.bounded"]),
    (SERVER, &["version.fitting"]),
];

/// Where an end stands in a pair.
type End = usize;
const CLIENT: End = 0;
const SERVER: End = 1;

struct Settings {
    rounds: u32,
    seconds: f64,
    which: Which,
    one_thread: bool,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::new(HELP);
    let settings = Settings {
        rounds: arguments.value("--rounds").unwrap_or(7),
        seconds: arguments.value("--seconds").unwrap_or(1.0),
        which: match arguments.flag("--bare") {
            true => Which::Bare,
            false => Which::Couplet,
        },
        one_thread: arguments.flag("--one-thread"),
    };
    arguments.end();
    match compare(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(settings: &Settings) -> io::Result<()> {
    let more: &[&str] = match settings.one_thread {
        true => &["--one-thread"],
        false => &[],
    };
    let start = |which| Pair::start(which, &Wrappers::default(), more);
    let mut pairs = [start(settings.which)?, start(Which::Tonic)?];
    let (mut ratios, mut figures) = (table(), table());
    let mut calls = 0.0;
    for shape in SHAPES {
        for concurrency in CONCURRENCY {
            eprintln!("{shape}, {concurrency} at once");
            let load = |seconds| Load {
                shape,
                concurrency,
                until: Until::Seconds(seconds),
            };
            let [ours, theirs] = interleaved(&mut pairs, load, settings)?;
            calls += ours.iter().map(|round| round["calls"]).sum::<f64>();
            let cells = |cell: &dyn Fn(&str) -> String| {
                let names = [shape.to_string(), concurrency.to_string()];
                names
                    .into_iter()
                    .chain(FIGURES.iter().map(|name| cell(name)))
                    .collect()
            };
            ratios.row(cells(&|name| short(ratio(&ours, &theirs, name))));
            figures.row(cells(&|name| {
                let (ours, theirs) = (median(&ours, name), median(&theirs, name));
                format!("{} : {}", short(ours), short(theirs))
            }));
        }
    }
    let name = settings.which.name();
    println!("{name} / tonic\n\n{ratios}\n{name} : tonic\n\n{figures}");
    let [ours, theirs] = pairs;
    let checked = counters(ours, settings.which, calls);
    theirs.end().and(checked)
}

fn table() -> Table {
    Table::new(&[&["", "at once"], &FIGURES[..]].concat())
}

/// The rounds of each of the two: one after the other, and who begins alternates.
fn interleaved(
    pairs: &mut [Pair; 2],
    load: impl Fn(f64) -> Load,
    settings: &Settings,
) -> io::Result<[Vec<Figures>; 2]> {
    let mut rounds = [Vec::new(), Vec::new()];
    for pair in &mut *pairs {
        pair.round(load(WARM_UP))?;
    }
    for round in 0..settings.rounds {
        for turn in 0..2 {
            let index = ((round + turn) % 2) as usize;
            let figures = pairs[index].round(load(settings.seconds))?;
            rounds[index].push(figures);
        }
    }
    Ok(rounds)
}

/// Prints what the policies counted, and fails if they did not see every one of `calls`.
fn counters(mut pair: Pair, which: Which, calls: f64) -> io::Result<()> {
    let counts = pair.counts()?;
    for (end, counts) in ["client", "server"].iter().zip(&counts) {
        for (name, count) in counts {
            println!("{end} {name:<24} {count:>10}");
        }
    }
    pair.end()?;
    if which != Which::Couplet {
        return Ok(());
    }
    for (end, names) in COUNTED {
        let count = |name: &&str| counts[end].get(*name).copied().unwrap_or(0.0);
        let counted: f64 = names.iter().map(count).sum();
        if counted < calls {
            let told = format!("{names:?} counted {counted} of {calls} calls");
            return Err(io::Error::other(told));
        }
    }
    Ok(())
}
