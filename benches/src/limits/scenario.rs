//! What happens to the server: how much load when, how long calls take, how many are served at once, and who calls.

use couplet::policy::limit::priority::Priority;

use super::random::Random;

/// How long a call takes on a server that does nothing else.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// All calls alike: 10 ms on average, log-normal.
    Alike,
    /// Nine of ten quick, one ten times as slow: 9.5 ms on average.
    Mixed,
}

/// A value that changes at some times: pairs of a time in seconds and the value from then on.
pub type Steps = &'static [(f64, f64)];

/// Clients of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Clients {
    /// Which part of all calls is theirs.
    pub share: f64,
    /// How much their calls matter.
    pub priority: Priority,
    /// When they give a call up, in seconds.
    pub patience: f64,
}

/// One row of the grid.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// How many calls are served at once; further ones wait in the server.
    pub servers: Steps,
    /// Calls that come, as a multiple of what the server can do at the start.
    pub load: Steps,
    /// How long calls take.
    pub work: Work,
    /// Who calls.
    pub clients: &'static [Clients],
    /// Whether calls with less time than the usual one takes are refused before all others.
    pub doomed_are_refused: bool,
    /// From when on the load is what the scenario is about, in seconds.
    pub begins: f64,
    /// From when on it is measured: what the limit needed to find its value is told apart.
    pub settled: f64,
    /// When it is over.
    pub ends: f64,
}

const ALIKE: &[Clients] = &[Clients {
    share: 1.0,
    priority: Priority::Default,
    patience: 1.0,
}];

const IMPATIENT: &[Clients] = &[
    Clients {
        share: 0.7,
        priority: Priority::Default,
        patience: 1.0,
    },
    Clients {
        share: 0.3,
        priority: Priority::Default,
        patience: 0.008,
    },
];

const BASE: Scenario = Scenario {
    name: "",
    servers: &[(0.0, 16.0)],
    load: &[(0.0, 0.5)],
    work: Work::Alike,
    clients: ALIKE,
    doomed_are_refused: false,
    begins: 30.0,
    settled: 40.0,
    ends: 100.0,
};

/// The rows of the grid.
pub const ALL: [Scenario; 15] = [
    Scenario {
        name: "steady, 0.8",
        load: &[(0.0, 0.8)],
        ..BASE
    },
    Scenario {
        name: "step to 2",
        load: &[(0.0, 0.5), (30.0, 2.0)],
        ..BASE
    },
    Scenario {
        name: "step to 5",
        load: &[(0.0, 0.5), (30.0, 5.0)],
        ..BASE
    },
    Scenario {
        name: "step to 10",
        load: &[(0.0, 0.5), (30.0, 10.0)],
        ..BASE
    },
    Scenario {
        name: "5 from the start",
        load: &[(0.0, 5.0)],
        ..BASE
    },
    Scenario {
        name: "5, 4 servers",
        servers: &[(0.0, 4.0)],
        load: &[(0.0, 0.5), (30.0, 5.0)],
        ..BASE
    },
    Scenario {
        name: "5, 100 servers",
        servers: &[(0.0, 100.0)],
        load: &[(0.0, 0.5), (30.0, 5.0)],
        ..BASE
    },
    Scenario {
        name: "half the servers",
        servers: &[(0.0, 16.0), (30.0, 8.0)],
        load: &[(0.0, 0.9)],
        ..BASE
    },
    Scenario {
        name: "and back, at 2",
        servers: &[(0.0, 8.0), (30.0, 16.0)],
        load: &[(0.0, 4.0)],
        ..BASE
    },
    Scenario {
        name: "mixed work, 2",
        load: &[(0.0, 0.5), (30.0, 2.0)],
        work: Work::Mixed,
        ..BASE
    },
    Scenario {
        name: "impatient, 2",
        load: &[(0.0, 0.5), (30.0, 2.0)],
        clients: IMPATIENT,
        ..BASE
    },
    Scenario {
        name: "the same, doomed refused",
        load: &[(0.0, 0.5), (30.0, 2.0)],
        clients: IMPATIENT,
        doomed_are_refused: true,
        ..BASE
    },
    Scenario {
        name: "hardly any, 0.1",
        load: &[(0.0, 0.1)],
        ..BASE
    },
    Scenario {
        name: "one of two greedy, 5",
        load: &[(0.0, 0.5), (30.0, 5.0)],
        clients: &[
            Clients {
                share: 0.1,
                priority: Priority::Default,
                patience: 1.0,
            },
            Clients {
                share: 0.9,
                priority: Priority::Default,
                patience: 1.0,
            },
        ],
        ..BASE
    },
    Scenario {
        name: "a tenth critical, 5",
        load: &[(0.0, 0.5), (30.0, 5.0)],
        clients: &[
            Clients {
                share: 0.1,
                priority: Priority::Critical,
                patience: 1.0,
            },
            Clients {
                share: 0.9,
                priority: Priority::Batch,
                patience: 1.0,
            },
        ],
        ..BASE
    },
];

impl Scenario {
    /// Calls a second that the server can do with so many served at once.
    pub fn capacity(&self, servers: f64) -> f64 {
        servers / self.work.mean()
    }

    /// Whose calls the next one is.
    pub fn caller(&self, random: &mut Random) -> usize {
        let mut left = random.share();
        let last = self.clients.len() - 1;
        let mine = |clients: &Clients| {
            left -= clients.share;
            left <= 0.0
        };
        self.clients.iter().position(mine).unwrap_or(last)
    }
}

/// The value at a time.
pub fn at(steps: Steps, time: f64) -> f64 {
    let past = steps.iter().take_while(|(from, _)| *from <= time);
    past.last().map_or(0.0, |(_, value)| *value)
}

// === Work ===

impl Work {
    /// The seconds that one call takes.
    pub fn draw(self, random: &mut Random) -> f64 {
        match self {
            // The mean of a log-normal is its median times exp(sigma² / 2).
            Self::Alike => random.around(0.01 * (-0.125_f64).exp(), 0.5),
            Self::Mixed if random.share() < 0.1 => random.around(0.05 * (-0.045_f64).exp(), 0.3),
            Self::Mixed => random.around(0.005 * (-0.045_f64).exp(), 0.3),
        }
    }

    /// The seconds that calls take on average.
    pub fn mean(self) -> f64 {
        match self {
            Self::Alike => 0.01,
            Self::Mixed => 0.1 * 0.05 + 0.9 * 0.005,
        }
    }

    /// The seconds that one of a hundred calls exceeds on a server that does nothing else.
    pub fn slow(self) -> f64 {
        let mut random = Random::new(1);
        let mut drawn: Vec<f64> = (0..100_000).map(|_| self.draw(&mut random)).collect();
        drawn.sort_by(f64::total_cmp);
        drawn[99_000]
    }
}
