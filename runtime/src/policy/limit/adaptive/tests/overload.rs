//! A server in overload, in short: sixteen calls at a time, the others wait in it. The whole grid, with the other
//! algorithms, is `benches/run limits`.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::*;

const SERVERS: u64 = 16;
/// Microseconds that a call takes on average, alone.
const WORK: u64 = 10_000;
const SECOND: u64 = 1_000_000;
/// Until then the load is half of what the server can do.
const STEP: u64 = 10 * SECOND;
/// From then on it is measured.
const SETTLED: u64 = 15 * SECOND;
const END: u64 = 35 * SECOND;

/// The calls that were measured, and a server with those that it has.
#[derive(Default)]
struct Server {
    /// When each call under way ends, with when it came.
    busy: BinaryHeap<Reverse<(u64, u64)>>,
    /// When each call that waits came, and how long it will take.
    waiting: VecDeque<(u64, u64)>,
    /// The permits, by when their calls came.
    permits: std::collections::HashMap<u64, OwnedPermit>,
    latencies: Vec<u64>,
}

impl Server {
    /// Serves until `now`, or for the next call that ends before.
    fn serve(&mut self, now: u64, origin: Instant) {
        while let Some(Reverse((end, came))) =
            self.busy.peek().copied().filter(|one| one.0.0 <= now)
        {
            self.busy.pop();
            let permit = self.permits.remove(&came).unwrap();
            permit.complete(origin + Duration::from_micros(end), Outcome::Served);
            if end >= SETTLED {
                self.latencies.push(end - came);
            }
            if let Some((came, work)) = self.waiting.pop_front() {
                self.busy.push(Reverse((end + work, came)));
            }
        }
    }

    fn accept(&mut self, now: u64, work: u64, permit: OwnedPermit) {
        self.permits.insert(now, permit);
        if (self.busy.len() as u64) < SERVERS {
            self.busy.push(Reverse((now + work, now)));
        } else {
            self.waiting.push_back((now, work));
        }
    }
}

/// Microseconds that one call takes: the mean of four at random, so that some take three times as long as the average.
fn work(random: &mut fastrand::Rng) -> u64 {
    let four: f64 = (0..4).map(|_| -random.f64().max(1e-12).ln()).sum();
    (four / 4.0 * WORK as f64) as u64 + 1
}

/// Calls a second that were served, and microseconds of the slowest of a hundred.
fn play(overload: u64, seed: u64) -> (f64, u64) {
    let (limiter, origin) = limiter(|_| {});
    let mut random = fastrand::Rng::with_seed(seed);
    let mut server = Server::default();
    let mut now = 0;
    while now < END {
        let tenths = if now < STEP { 5 } else { overload * 10 };
        let gap = (WORK * 10) as f64 / (SERVERS * tenths) as f64;
        now += (-random.f64().max(1e-12).ln() * gap) as u64 + 1;
        server.serve(now, origin);
        let instant = origin + Duration::from_micros(now);
        if let Ok(permit) = limiter.admit_owned(instant, Priority::Default) {
            server.accept(now, work(&mut random), permit);
        }
    }
    server.latencies.sort_unstable();
    let good = server.latencies.len() as f64 / ((END - SETTLED) / SECOND) as f64;
    (good, server.latencies[server.latencies.len() * 99 / 100])
}

/// Seen in concurrency-limits #134 #137.
#[test]
fn an_overloaded_server_does_as_much_as_it_can_and_stays_quick() {
    let mut random = fastrand::Rng::with_seed(0);
    let mut alone: Vec<u64> = (0..100_000).map(|_| work(&mut random)).collect();
    alone.sort_unstable();
    let unloaded = alone[99_000];
    let peak = (SERVERS * SECOND / WORK) as f64;
    for overload in [2, 5, 10] {
        for seed in 1..=5 {
            let (goodput, slow) = play(overload, seed);
            let told = format!(
                "{overload} times, seed {seed}: {goodput:.0} of {peak}/s, {slow} µs, alone {unloaded}"
            );
            assert!(goodput >= 0.9 * peak, "too little: {told}");
            assert!(slow <= 2 * unloaded, "too slow: {told}");
        }
    }
}
