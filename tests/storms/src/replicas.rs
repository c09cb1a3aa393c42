//! One of five replicas is sick, and callers take them in turn: what a breaker for each saves, and what ejection adds; where
//! it is only slow, what a breaker that counts slow calls does, and what hedging.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use couplet::call::{Call, Invoke, Mark, Reply};
use couplet::client::Stack;
use couplet::policy::outlier::{Config, Endpoint, FailurePercentage, Outcome, Outlier};
use couplet::{Code, Status};
use couplet_simulation::{Calls, Delay, Fault, Load, Seen, Simulation, Window, World};
use tokio::time::Instant;

use crate::{
    Line, MS, SECOND, Told,
    shop::{Caller, How, SERVICE, caller, hedged, working},
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
    /// All in turn; a breaker for each counts slow calls too, and what it refuses goes to the next one.
    SlowCalls,
    /// All in turn; what is not answered soon is sent to the next one as well, for 5 of every hundred calls.
    HedgedALittle,
    /// The same for 25 of every hundred.
    Hedged,
}

const NAMES: [&str; 5] = ["one", "two", "three", "four", "five"];

/// The replicas, and who of them is thought well of.
struct Balance {
    callers: Vec<Caller>,
    hedged: Caller,
    endpoints: Vec<Arc<Endpoint>>,
    outlier: Outlier,
    turn: AtomicUsize,
}

/// Each call, and each copy of one, goes to the next replica.
struct Turns {
    stacks: Vec<Stack>,
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
        let before = calls.between(SECOND..5 * SECOND);
        let ill = calls.between(5 * SECOND..25 * SECOND);
        let settled = calls.between(10 * SECOND..25 * SECOND);
        let figures = vec![
            ("success", ill.success_rate()),
            ("success settled", settled.success_rate()),
            ("p99 ms", millis(settled.p99())),
            ("p99 before ms", millis(before.p99())),
            ("failed after a wait %", 100.0 * in_vain(&ill)),
            ("sick one's share %", 100.0 * settled.amplification("one")),
            ("attempts per call", attempts(&settled)),
            (
                "success after",
                calls.between(32 * SECOND..35 * SECOND).success_rate(),
            ),
        ];
        (figures, line(&calls, sick))
    });
    Told::new(format!("{sick:?}, {choice:?}"), run)
}

/// What a slow replica costs is time, and what any other costs is calls.
fn line(calls: &Calls, sick: Sick) -> Line {
    if sick == Sick::Slow {
        return Line::of("99th percentile, ms", calls, |window| millis(window.p99()));
    }
    Line::of("calls that succeed, %", calls, |window| {
        100.0 * window.success_rate()
    })
}

/// What all replicas saw, for each call.
fn attempts(window: &Window<'_>) -> f64 {
    NAMES.iter().map(|name| window.amplification(name)).sum()
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
            Choice::SlowCalls => How::Watchful,
            _ => How::Plain,
        };
        let extra = if choice == Choice::Hedged { 25.0 } else { 5.0 };
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
            hedged: hedged(Turns::new(world), extra),
            endpoints: outlier.update(NAMES),
            outlier,
            turn: AtomicUsize::new(0),
        }
    }

    async fn call(&self, choice: Choice) -> Result<(), Status> {
        let turn = self.turn.fetch_add(1, Relaxed);
        match choice {
            Choice::Turns | Choice::Breakers => (self.callers[turn % NAMES.len()])().await,
            Choice::Ejection => self.call_usable(turn).await,
            Choice::SlowCalls => self.call_willing(turn).await,
            Choice::HedgedALittle | Choice::Hedged => (self.hedged)().await,
        }
    }

    /// The first whose breaker lets the call out.
    async fn call_willing(&self, turn: usize) -> Result<(), Status> {
        let mut answer = Err(Status::unavailable("there is none"));
        for step in 0..NAMES.len() {
            answer = (self.callers[(turn + step) % NAMES.len()])().await;
            let refused = |status: &Status| Mark::of(status) == Some(Mark::Refused);
            if !answer.as_ref().is_err_and(refused) {
                break;
            }
        }
        answer
    }

    /// The first that is not ejected.
    async fn call_usable(&self, turn: usize) -> Result<(), Status> {
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

// === Turns ===

impl Turns {
    fn new(world: &World) -> Self {
        let stacks = NAMES.map(|name| world.channel("users", name).stack(SERVICE));
        Self {
            stacks: stacks.into(),
            turn: AtomicUsize::new(0),
        }
    }
}

impl Invoke for Turns {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let turn = self.turn.fetch_add(1, Relaxed);
        self.stacks[turn % NAMES.len()].invoke(call).await
    }
}
