//! What a host has to work with, so that too many calls are too many: a bounded number of places, and a queue before them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fastrand::Rng;
use tokio::{sync::Semaphore, time::sleep};

use crate::{Delay, host::Machine};

/// A processor with some places. Work that finds them taken waits in its order. Cheap to clone; clones share the places.
///
/// It is how a handler says what it costs. Real work would take no time here, where only waiting moves the clock.
#[derive(Debug, Clone)]
pub struct Cpu {
    machine: Arc<Machine>,
    places: Arc<Semaphore>,
    random: Arc<Mutex<Rng>>,
}

// === Cpu ===

impl Cpu {
    pub(crate) fn new(machine: Arc<Machine>, places: usize) -> Self {
        let random = Arc::new(Mutex::new(machine.random()));
        Self {
            machine,
            places: Arc::new(Semaphore::new(places)),
            random,
        }
    }

    /// Works for `time`, once there is a place. Dropped, it leaves the queue or the place: work that stops with its call.
    pub async fn work(&self, time: impl Into<Delay>) {
        let time = self.cost(time.into());
        // It is never closed.
        let _place = self.places.acquire().await;
        sleep(time.mul_f64(self.machine.slowness())).await;
    }

    /// The same, but it goes on to its end, in the queue and at work, when the caller is gone: work that nobody can stop.
    pub async fn work_to_the_end(&self, time: impl Into<Delay>) {
        let (cpu, time) = (self.clone(), time.into());
        let working = tokio::spawn(async move { cpu.work(time).await });
        // It does not panic, and nobody aborts it.
        let _ = working.await;
    }

    /// How many pieces of work could begin at once.
    pub fn idle(&self) -> usize {
        self.places.available_permits()
    }

    fn cost(&self, time: Delay) -> Duration {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        time.sample(&mut random)
    }
}
