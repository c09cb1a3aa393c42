//! The model: calls come at random, a limiter admits or refuses them, so many are served at once, and the others wait
//! their turn inside the server. A caller whose patience ends is gone, and what was done for it is lost.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use couplet::policy::limit::adaptive::{Config, Limiter, Outcome, OwnedPermit};

use super::{
    random::Random,
    scenario::{Scenario, at},
};

/// What came of the calls of one kind of clients, while it was measured.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Calls that came.
    pub offered: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// Calls that were served in time.
    pub good: u64,
    /// Seconds that they took.
    pub latencies: Vec<f64>,
}

/// What came of a scenario.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// For each kind of clients.
    pub clients: Vec<Tally>,
    /// The seconds that served calls took from the change of load on, the time included in which the limit was found.
    pub unsettled: Vec<f64>,
    /// The limit, ten times a second.
    pub limits: Vec<u32>,
}

/// A scenario under way.
struct Model<'a> {
    scenario: &'a Scenario,
    random: Random,
    limiter: Arc<Limiter>,
    origin: Instant,
    now: f64,
    events: BinaryHeap<Event>,
    calls: Vec<Call>,
    waiting: VecDeque<usize>,
    busy: f64,
    run: Run,
}

struct Call {
    clients: usize,
    began: f64,
    /// `None` once it has ended, or its caller has gone.
    permit: Option<OwnedPermit>,
    in_service: bool,
}

struct Event {
    time: f64,
    what: What,
}

enum What {
    Comes,
    Ends(usize),
    GivenUp(usize),
    ServersChange,
    Look,
}

/// Plays a scenario with a limiter of this configuration.
pub fn play(scenario: &Scenario, config: Config, seed: u64) -> Run {
    // Any moment will do to count from; nothing waits for it.
    let origin = Instant::now();
    let limiter = Limiter::new(config, origin).expect("a configuration of the grid");
    let mut model = Model {
        scenario,
        random: Random::new(seed),
        limiter: Arc::new(limiter),
        origin,
        now: 0.0,
        events: BinaryHeap::new(),
        calls: Vec::new(),
        waiting: VecDeque::new(),
        busy: 0.0,
        run: Run {
            clients: vec![Tally::default(); scenario.clients.len()],
            ..Run::default()
        },
    };
    model.play();
    model.run
}

// === Model ===

impl Model<'_> {
    fn play(&mut self) {
        self.after(0.0, What::Comes);
        self.after(0.0, What::Look);
        for (from, _) in self.scenario.servers {
            self.after(*from, What::ServersChange);
        }
        while let Some(Event { time, what }) = self.events.pop() {
            if time >= self.scenario.ends {
                break;
            }
            self.now = time;
            match what {
                What::Comes => self.come(),
                What::Ends(call) => self.end(call),
                What::GivenUp(call) => self.give_up(call),
                What::ServersChange => self.serve(),
                What::Look => {
                    self.run.limits.push(self.limiter.limit());
                    self.after(0.1, What::Look);
                }
            }
        }
    }

    fn come(&mut self) {
        let full = self.scenario.capacity(self.scenario.servers[0].1);
        let rate = at(self.scenario.load, self.now) * full;
        let gap = self.random.gap(rate);
        self.after(gap, What::Comes);
        let clients = self.scenario.caller(&mut self.random);
        let (instant, measured) = (self.instant(), self.is_measured());
        let scenario = self.scenario;
        let kind = &scenario.clients[clients];
        let typical = self.limiter.typical_latency().unwrap_or_default();
        let doomed = scenario.doomed_are_refused && kind.patience < typical.as_secs_f64();
        let admitted = self.limiter.admit_owned(instant, kind.priority);
        let tally = &mut self.run.clients[clients];
        tally.offered += u64::from(measured);
        match admitted {
            Ok(permit) if !doomed => {
                let call = self.calls.len();
                self.calls.push(Call {
                    clients,
                    began: self.now,
                    permit: Some(permit),
                    in_service: false,
                });
                self.after(kind.patience, What::GivenUp(call));
                self.waiting.push_back(call);
                self.serve();
            }
            _ => tally.refused += u64::from(measured),
        }
    }

    /// Starts calls that wait, as far as there are servers for them.
    fn serve(&mut self) {
        while self.busy < at(self.scenario.servers, self.now) {
            let Some(call) = self.waiting.pop_front() else {
                return;
            };
            // Its caller may have gone while it waited.
            if self.calls[call].permit.is_some() {
                self.calls[call].in_service = true;
                self.busy += 1.0;
                let work = self.scenario.work.draw(&mut self.random);
                self.after(work, What::Ends(call));
            }
        }
    }

    fn end(&mut self, call: usize) {
        let (now, instant, measured) = (self.now, self.instant(), self.is_measured());
        let call = &mut self.calls[call];
        let Some(permit) = call.permit.take() else {
            return;
        };
        permit.complete(instant, Outcome::Served);
        let latency = now - call.began;
        if now >= self.scenario.begins {
            self.run.unsettled.push(latency);
        }
        if measured {
            let tally = &mut self.run.clients[call.clients];
            tally.good += 1;
            tally.latencies.push(latency);
        }
        self.busy -= 1.0;
        self.serve();
    }

    fn give_up(&mut self, call: usize) {
        let instant = self.instant();
        let call = &mut self.calls[call];
        let Some(permit) = call.permit.take() else {
            return;
        };
        permit.complete(instant, Outcome::Abandoned);
        if call.in_service {
            self.busy -= 1.0;
            self.serve();
        }
    }

    fn after(&mut self, seconds: f64, what: What) {
        let time = self.now + seconds;
        self.events.push(Event { time, what });
    }

    fn instant(&self) -> Instant {
        self.origin + Duration::from_secs_f64(self.now)
    }

    fn is_measured(&self) -> bool {
        self.now >= self.scenario.settled
    }
}

// === Event ===

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        // The earliest is the greatest: it comes first.
        other.time.total_cmp(&self.time)
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}
