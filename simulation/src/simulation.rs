//! One run from its seed to its end: a runtime of one thread on a paused clock, and what is said when it fails.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Duration,
};

use tokio::{runtime, time::timeout};

use crate::{Delay, World, network::Network};

/// A run to be. The same seed gives the same run, to the last byte on the network.
///
/// Everything random of couplet and of this crate comes of the seed, as does all that the program draws from `fastrand`'s
/// own generator. What a test does besides must not bring chance of its own: no other generator without a seed, no system
/// clock, no threads, no iteration over a std `HashMap`, and `biased` in a `tokio::select!`. (With `--cfg tokio_unstable`
/// that macro draws from the seed, too.)
#[derive(Debug, Clone)]
#[must_use = "nothing happens until it is run"]
pub struct Simulation {
    seed: u64,
    latency: Delay,
    loss: f64,
    replay: Option<String>,
    limit: Duration,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<T> {
    /// What the scenario returned.
    pub output: T,
    /// All that happened, as one number: equal for equal runs.
    pub digest: u64,
    /// How much happened.
    pub events: u64,
}

// === Simulation ===

impl Simulation {
    /// A run that comes of `seed`, over a network whose hops take 1 to 2 ms and lose nothing.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            seed,
            latency: Delay::between(Duration::from_millis(1), Duration::from_millis(2)),
            loss: 0.0,
            replay: None,
            limit: Duration::from_secs(24 * 3600),
        }
    }

    /// How long a hop from one host to another takes.
    pub fn latency(mut self, latency: impl Into<Delay>) -> Self {
        self.latency = latency.into();
        self
    }

    /// Which share (0 to 1) of what is sent is lost, and sent again by TCP.
    pub fn loss(mut self, share: f64) -> Self {
        self.loss = share;
        self
    }

    /// What to say that repeats a run that failed, with `{seed}` where its seed belongs, such as
    /// `SEED={seed} cargo test -p movies survives`.
    pub fn replay(mut self, how: impl Into<String>) -> Self {
        self.replay = Some(how.into());
        self
    }

    /// After how much of its own time a run that hangs is given up; a day.
    pub fn limit(mut self, time: Duration) -> Self {
        self.limit = time;
        self
    }

    /// Runs `scenario` to its end. Takes as long as the work takes; waiting costs nothing.
    ///
    /// # Panics
    /// If the scenario does, with its message, the time, the seed, and how to repeat it. If it is not over within its
    /// limit. If it is called inside of another runtime.
    pub fn run<T, F>(&self, scenario: impl FnOnce(World) -> F) -> Run<T>
    where
        F: Future<Output = T>,
    {
        let _chance = Chance::seeded(self.seed);
        let runtime = self.runtime();
        let network = {
            let _inside = runtime.enter();
            Network::new(self.seed, self.latency, self.loss)
        };
        let world = World::new(self.seed, network.clone());
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                let over = timeout(self.limit, scenario(world.clone())).await;
                over.unwrap_or_else(|_| panic!("it is not over after {:?}", self.limit))
            })
        }));
        let (digest, events, last) = network.told();
        world.end_all();
        drop(runtime);
        match outcome {
            Ok(output) => Run {
                output,
                digest,
                events,
            },
            Err(panic) => self.fail(panic, last),
        }
    }

    fn runtime(&self) -> runtime::Runtime {
        let mut builder = runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true);
        #[cfg(tokio_unstable)]
        builder.rng_seed(runtime::RngSeed::from_bytes(&self.seed.to_le_bytes()));
        builder
            .build()
            .expect("a runtime without IO needs nothing of the system")
    }

    /// Goes on with a panic, and says where it comes from.
    fn fail(&self, panic: Box<dyn Any + Send>, at: Duration) -> ! {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let Some(said) = said.or_else(|| panic.downcast_ref::<&str>().copied()) else {
            resume_unwind(panic)
        };
        let seed = self.seed;
        let replay = match &self.replay {
            Some(how) => how.replace("{seed}", &seed.to_string()),
            None => format!("Simulation::seeded({seed})"),
        };
        panic!(
            "{said}\nthis was at {at:?} of a simulation with seed {seed}; to repeat it: {replay}"
        )
    }
}

/// The thread's generator of random numbers, with a seed; as it was, in the end.
struct Chance(u64);

impl Chance {
    fn seeded(seed: u64) -> Self {
        let before = fastrand::get_seed();
        fastrand::seed(seed);
        Self(before)
    }
}

impl Drop for Chance {
    fn drop(&mut self) {
        fastrand::seed(self.0);
    }
}
