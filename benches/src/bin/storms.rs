//! Storms, outages and sick replicas in the simulation, with several seeds: prints the figures and draws them.
//!
//! `storms [--seeds N] [--figures FOLDER] [WORD..]`: 5 seeds, into `docs/figures`, all scenarios or those that a word names.

use std::{env, fs, io, ops::Range, path::PathBuf};

use couplet_benches::{plot::Plot, table::Table};
use couplet_storms::{
    Told, chain, churn, hedging, outage, overload, partial, queue, replicas, retries, trouble,
};

/// A scenario with everything that is tried in it.
struct Scenario {
    /// Of its figure.
    name: &'static str,
    title: &'static str,
    trouble: Range<f64>,
    tried: Vec<Box<dyn Fn(u64) -> Told>>,
}

/// What is asked for.
struct Arguments {
    seeds: u64,
    figures: PathBuf,
    words: Vec<String>,
}

fn main() -> io::Result<()> {
    let arguments = arguments()?;
    fs::create_dir_all(&arguments.figures)?;
    for scenario in scenarios() {
        let asked = |word: &String| scenario.name.contains(word.as_str());
        if arguments.words.is_empty() || arguments.words.iter().any(asked) {
            show(&scenario, &arguments)?;
        }
    }
    Ok(())
}

fn arguments() -> io::Result<Arguments> {
    let mut arguments = Arguments {
        seeds: 5,
        figures: PathBuf::from("../docs/figures"),
        words: Vec::new(),
    };
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| wrong(&format!("{word} needs a value")))
        };
        match word.as_str() {
            "--seeds" => {
                let value = value()?;
                arguments.seeds = value
                    .parse()
                    .map_err(|_| wrong(&format!("{value} is no number")))?;
            }
            "--figures" => arguments.figures = value()?.into(),
            _ => arguments.words.push(word),
        }
    }
    Ok(arguments)
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

/// Runs everything that is tried with every seed, prints means and ranges, and draws the first seed's lines.
fn show(scenario: &Scenario, arguments: &Arguments) -> io::Result<()> {
    println!("### {}\n", scenario.title);
    let mut table: Option<Table> = None;
    let (mut lines, mut of) = (Vec::new(), "");
    for tried in &scenario.tried {
        let told: Vec<_> = (1..=arguments.seeds).map(tried).collect();
        let Some(first) = told.first() else { continue };
        let table = table.get_or_insert_with(|| {
            let names = first.figures.iter().map(|(name, _)| *name);
            Table::new(&["tried"].into_iter().chain(names).collect::<Vec<_>>())
        });
        let figures = first.figures.iter().map(|(name, _)| range(&told, name));
        table.row([first.name.clone()].into_iter().chain(figures).collect());
        of = first.line.of;
        lines.push((first.name.clone(), first.line.points.clone()));
    }
    if let Some(table) = table {
        println!("{table}");
    }
    let plot = Plot {
        title: scenario.title,
        of,
        trouble: scenario.trouble.clone(),
        lines,
    };
    fs::write(
        arguments.figures.join(format!("{}.svg", scenario.name)),
        plot.svg(),
    )
}

/// The mean of a figure over all seeds, and from where to where it goes.
fn range(told: &[Told], name: &str) -> String {
    let values: Vec<_> = told.iter().map(|told| told.figure(name)).collect();
    let mean = values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap_or(1));
    let (least, most) = values.iter().fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(least, most), value| (least.min(*value), most.max(*value)),
    );
    let short = |value: f64| match value {
        value if value.is_infinite() => "never".to_owned(),
        value if value.abs() >= 100.0 => format!("{value:.0}"),
        value => {
            let text = format!("{value:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    if short(least) == short(most) {
        short(mean)
    } else {
        format!("{} ({}..{})", short(mean), short(least), short(most))
    }
}

fn scenario(name: &'static str, title: &'static str, trouble: Range<f64>) -> Scenario {
    Scenario {
        name,
        title,
        trouble,
        tried: Vec::new(),
    }
}

impl Scenario {
    fn with(mut self, tried: impl Fn(u64) -> Told + 'static) -> Self {
        self.tried.push(Box::new(tried));
        self
    }

    fn each<T: Copy + 'static>(self, all: &[T], tell: fn(u64, T) -> Told) -> Self {
        all.iter().fold(self, |scenario, one| {
            let one = *one;
            scenario.with(move |seed| tell(seed, one))
        })
    }
}

/// To add a scenario, add its line here.
fn scenarios() -> Vec<Scenario> {
    use retries::How::{Budgeted, ChainStop, Hedged, Naive, Plain, Retried, Throttled, Unguarded};
    let mut all = vec![
        scenario(
            "retry-storm",
            "A retry storm: three services, three attempts each",
            5.0..15.0,
        )
        .each(&[Naive, ChainStop, Budgeted, Retried], retries::told),
        scenario(
            "metastable-queue",
            "A queue that stays full after a short trigger",
            5.0..8.0,
        )
        .each(&[Naive, Unguarded, Plain, Throttled], queue::told),
        scenario("outage", "A total outage of ten seconds", 5.0..15.0).each(
            &[
                outage::Gone::Crashed,
                outage::Gone::BlackHole,
                outage::Gone::Mute,
                outage::Gone::Failing,
            ],
            outage::told,
        ),
        scenario(
            "deadlines",
            "A chain of five services within one deadline",
            0.0..0.0,
        )
        .each(&[60, 80, 100, 150, 300], chain::told),
        scenario(
            "churn",
            "Restarts one after the other, and callers who hang up",
            5.0..15.0,
        )
        .with(churn::told),
        scenario(
            "hedging",
            "Hedging at the 95th percentile of a long tail",
            20.0..30.0,
        )
        .each(&[Unguarded, Hedged], hedging::told),
        scenario("trouble", "Ten faults at random, and then none", 1.0..25.0).with(trouble::told),
    ];
    all.extend(partial_outages());
    all.extend(sick_replicas());
    all.extend(overloads());
    all
}

fn partial_outages() -> Vec<Scenario> {
    use partial::How::{Plain, Throttled, Unguarded};
    let titles = [
        (30, "partial-30", "A partial outage: 30% of calls fail"),
        (60, "partial-60", "A partial outage: 60% of calls fail"),
        (80, "partial-80", "A partial outage: 80% of calls fail"),
        (100, "partial-100", "An outage: all calls fail"),
    ];
    let one = |(percent, name, title)| {
        [Unguarded, Plain, Throttled]
            .into_iter()
            .fold(scenario(name, title, 5.0..25.0), |scenario, how| {
                scenario.with(move |seed| partial::told(seed, percent, how))
            })
    };
    titles.into_iter().map(one).collect()
}

fn sick_replicas() -> Vec<Scenario> {
    use replicas::{
        Choice::{Breakers, Ejection, Hedged, HedgedALittle, SlowCalls, Turns},
        Sick,
    };
    let titles = [
        (
            Sick::Slow,
            "replica-slow",
            "One of five replicas is thirty times slower",
        ),
        (Sick::Erring, "replica-erring", "One of five replicas fails"),
        (
            Sick::BlackHole,
            "replica-black-hole",
            "One of five replicas is a black hole",
        ),
        (
            Sick::Flapping,
            "replica-flapping",
            "One of five replicas dies every two seconds",
        ),
    ];
    let one = |(sick, name, title)| {
        let usual = [Turns, Breakers, Ejection];
        // Nothing fails there: what looks at the time of calls is what helps.
        let slow = [Turns, SlowCalls, HedgedALittle, Hedged];
        let tried = if sick == Sick::Slow {
            &slow[..]
        } else {
            &usual
        };
        let scenario = scenario(name, title, 5.0..25.0);
        tried.iter().fold(scenario, |scenario, choice| {
            let choice = *choice;
            scenario.with(move |seed| replicas::told(seed, sick, choice))
        })
    };
    titles.into_iter().map(one).collect()
}

fn overloads() -> Vec<Scenario> {
    use overload::Guard::{Adaptive, AdaptiveAndBreaker, AdaptiveAndThrottle, Nothing};
    let titles = [
        (2.0, "overload-2", "Twice as many calls as can be served"),
        (
            5.0,
            "overload-5",
            "Five times as many calls as can be served",
        ),
        (
            10.0,
            "overload-10",
            "Ten times as many calls as can be served",
        ),
    ];
    let one = |(times, name, title)| {
        [Nothing, Adaptive, AdaptiveAndBreaker, AdaptiveAndThrottle]
            .into_iter()
            .fold(scenario(name, title, 10.0..25.0), |scenario, guard| {
                scenario.with(move |seed| overload::told(seed, times, guard))
            })
    };
    titles.into_iter().map(one).collect()
}
