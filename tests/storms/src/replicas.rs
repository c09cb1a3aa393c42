//! One of five replicas is sick, and callers take them in turn: what a breaker for each saves, and what ejection adds.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use couplet::policy::outlier::{Config, Endpoint, FailurePercentage, Outcome, Outlier};
use couplet::{Code, Status};
use couplet_simulation::{Delay, Fault, Load, Seen, Simulation, Window, World};
use tokio::time::Instant;

use crate::{
    Line, MS, SECOND, Told,
    shop::{Caller, How, caller, working},
    told::millis,
};

/// What one of them has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sick {
    /// It takes thirty times as long.
    Slow,
    /// It fails every call.
    Erring,
    /// It is not heard of.
    BlackHole,
    /// It dies every two seconds and comes back a second later.
    Flapping,
}

/// Who chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// All in turn, without a breaker.
    Turns,
    /// All in turn; what a breaker refuses is the caller's loss.
    Breakers,
    /// All in turn but those that are ejected.
    Ejection,
}

const NAMES: [&str; 5] = ["one", "two", "three", "four", "five"];

/// The replicas, and who of them is thought well of.
struct Balance {
    callers: Vec<Caller>,
    endpoints: Vec<Arc<Endpoint>>,
    outlier: Outlier,
    turn: AtomicUsize,
}

/// The replica `one` is sick from 5 s to 25 s, of 35.
pub fn told(seed: u64, sick: Sick, choice: Choice) -> Told {
    let run = Simulation::seeded(seed).run(async |world| {
        for name in NAMES {
            world.host(name, |host| working(host, 4, Delay::exponential(5 * MS)));
        }
        sicken(&world, sick);
        let balance = Arc::new(Balance::new(&world, choice));
        let load = Load::open(100.0).lasting(35 * SECOND);
        let calls = world
            .drive(load, move || {
                let balance = Arc::clone(&balance);
                async move { balance.call(choice).await }
            })
            .await;
        let ill = calls.between(5 * SECOND..25 * SECOND);
        let settled = calls.between(10 * SECOND..25 * SECOND);
        let figures = vec![
            ("success", ill.success_rate()),
            ("success settled", settled.success_rate()),
            ("p99 ms", millis(settled.p99())),
            ("failed after a wait %", 100.0 * in_vain(&ill)),
            ("sick one's share %", 100.0 * settled.amplification("one")),
            (
                "success after",
                calls.between(32 * SECOND..35 * SECOND).success_rate(),
            ),
        ];
        (
            figures,
            Line::of("calls that succeed, %", &calls, |window| {
                100.0 * window.success_rate()
            }),
        )
    });
    Told::new(format!("{sick:?}, {choice:?}"), run)
}

/// The share of calls that failed, and took their time for it.
fn in_vain(window: &Window<'_>) -> f64 {
    let slow = |seen: &&Seen| seen.status.is_some() && seen.took > 500 * MS;
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    count(window.seen().iter().filter(slow).count()) / count(window.count().max(1))
}

fn sicken(world: &World, sick: Sick) {
    let (begin, time) = (5 * SECOND, 20 * SECOND);
    match sick {
        Sick::Slow => world.at(begin, Fault::slow("one", 30.0).lasting(time)),
        Sick::Erring => world.at(
            begin,
            Fault::erring("one", 1.0, Code::Unavailable).lasting(time),
        ),
        Sick::BlackHole => world.at(begin, Fault::black_hole("one").lasting(time)),
        Sick::Flapping => {
            for turn in 0..10 {
                world.at(
                    begin + 2 * SECOND * turn,
                    Fault::crash("one").lasting(SECOND),
                );
            }
        }
    }
}

impl Balance {
    fn new(world: &World, choice: Choice) -> Self {
        let how = match choice {
            Choice::Turns => How::Unguarded,
            _ => How::Plain,
        };
        let callers = NAMES.map(|name| caller(world.channel("users", name), how));
        let mut config = Config::default();
        config.interval = 2 * SECOND;
        config.base_ejection_time = 5 * SECOND;
        config.max_ejection_percent = 40;
        config.failure_percentage_ejection = Some(FailurePercentage {
            threshold: 50,
            request_volume: 10,
            ..FailurePercentage::default()
        });
        let outlier = Outlier::new(config, Instant::now().into_std(), world.seed());
        let outlier = outlier.expect("a config that makes sense");
        Self {
            callers: callers.into(),
            endpoints: outlier.update(NAMES),
            outlier,
            turn: AtomicUsize::new(0),
        }
    }

    async fn call(&self, choice: Choice) -> Result<(), Status> {
        let turn = self.turn.fetch_add(1, Relaxed);
        if choice != Choice::Ejection {
            return (self.callers[turn % NAMES.len()])().await;
        }
        let begun = Instant::now();
        let now = begun.into_std();
        if self.outlier.due().is_some_and(|due| due <= now) {
            self.outlier.sweep(now, || 0.5);
        }
        let admitted = (0..NAMES.len()).find_map(|step| {
            let place = (turn + step) % NAMES.len();
            Some((place, self.endpoints[place].admit(now)?))
        });
        let Some((place, pass)) = admitted else {
            return Err(Status::unavailable("no replica is thought well of"));
        };
        let answer = (self.callers[place])().await;
        let outcome = match &answer {
            Ok(()) => Outcome::Success,
            Err(_) => Outcome::Failure,
        };
        pass.complete(Instant::now().into_std(), outcome);
        answer
    }
}
