//! Who calls, and how often: so many calls in a second whatever comes of them, or so many callers who wait for their answers.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use couplet::Status;
use fastrand::Rng;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use crate::{Calls, Delay, World, calls::Seen};

/// A load on some service.
///
/// ```
/// use couplet_simulation::{Delay, Load};
/// use std::time::Duration;
///
/// // Calls come as they do from many users who know nothing of each other ...
/// let storm = Load::open(500.0).lasting(Duration::from_secs(30));
/// // ... or each caller waits for the answer and then thinks.
/// let users = Load::closed(20).thinking(Delay::exponential(Duration::from_millis(50)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    kind: Kind,
    lasting: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Open { per_second: f64, even: bool },
    Closed { callers: usize, thinking: Delay },
}

// === Load ===

impl Load {
    /// So many calls a second on average, whatever becomes of them, at random moments (a Poisson process). For 10 s.
    pub const fn open(per_second: f64) -> Self {
        Self {
            kind: Kind::Open {
                per_second,
                even: false,
            },
            lasting: Duration::from_secs(10),
        }
    }

    /// So many callers, each of whom calls again when the last call is over. For 10 s.
    pub const fn closed(callers: usize) -> Self {
        Self {
            kind: Kind::Closed {
                callers,
                thinking: Delay::ZERO,
            },
            lasting: Duration::from_secs(10),
        }
    }

    /// An open load comes in even steps.
    #[must_use]
    pub const fn evenly(mut self) -> Self {
        if let Kind::Open { even, .. } = &mut self.kind {
            *even = true;
        }
        self
    }

    /// A closed load's callers pause between their calls.
    #[must_use]
    pub const fn thinking(mut self, pause: Delay) -> Self {
        if let Kind::Closed { thinking, .. } = &mut self.kind {
            *thinking = pause;
        }
        self
    }

    /// Begins calls for so long.
    #[must_use]
    pub const fn lasting(mut self, time: Duration) -> Self {
        self.lasting = time;
        self
    }
}

/// What all calls of a load share.
struct Driving<C> {
    world: World,
    call: C,
    seen: Mutex<Vec<Seen>>,
}

/// Makes the calls of `load`, from now on, whether or not what is returned is awaited.
pub(crate) fn drive<C, F, T>(
    world: World,
    load: Load,
    call: C,
) -> impl Future<Output = Calls> + Send + use<C, F, T>
where
    C: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, Status>> + Send + 'static,
    T: Send + 'static,
{
    let random = world.network().random();
    let driving = Arc::new(Driving {
        world,
        call,
        seen: Mutex::default(),
    });
    let (shared, until) = (Arc::clone(&driving), Instant::now() + load.lasting);
    let tasks = tokio::spawn(async move {
        match load.kind {
            Kind::Open { per_second, even } => {
                let gap = Duration::from_secs_f64(1.0 / per_second);
                let gap = if even {
                    Delay::fixed(gap)
                } else {
                    Delay::exponential(gap)
                };
                open(shared, gap, random, until).await;
            }
            Kind::Closed { callers, thinking } => {
                closed(shared, callers, (thinking, random), until).await;
            }
        }
    });
    async move {
        if let Err(error) = tasks.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
        let mut seen = driving.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Calls::new(driving.world.clone(), std::mem::take(&mut seen))
    }
}

async fn open<C, F, T>(driving: Arc<Driving<C>>, gap: Delay, mut random: Rng, until: Instant)
where
    C: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, Status>> + Send + 'static,
    T: Send + 'static,
{
    let (mut tasks, mut next) = (JoinSet::new(), Instant::now());
    loop {
        next += gap.sample(&mut random);
        if next >= until {
            break;
        }
        sleep_until(next).await;
        let driving = Arc::clone(&driving);
        tasks.spawn(async move { driving.once().await });
    }
    tasks.join_all().await;
}

async fn closed<C, F, T>(
    driving: Arc<Driving<C>>,
    callers: usize,
    (thinking, mut random): (Delay, Rng),
    until: Instant,
) where
    C: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, Status>> + Send + 'static,
    T: Send + 'static,
{
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (driving, mut random) = (Arc::clone(&driving), random.fork());
        tasks.spawn(async move {
            while Instant::now() < until {
                let begun = Instant::now();
                driving.once().await;
                sleep(thinking.sample(&mut random)).await;
                if begun.elapsed().is_zero() {
                    // A call that fails in no time would be made for ever in it.
                    sleep(Duration::from_millis(1)).await;
                }
            }
        });
    }
    tasks.join_all().await;
}

impl<C> Driving<C> {
    async fn once<F, T>(&self)
    where
        C: Fn() -> F,
        F: Future<Output = Result<T, Status>>,
    {
        let network = self.world.network();
        let begun = network.now();
        let outcome = (self.call)().await;
        let seen = Seen {
            begun,
            took: network.now() - begun,
            status: outcome.err(),
        };
        network.note("called", ["", ""], &[seen.code() as i32 as u8]);
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(seen);
    }
}
