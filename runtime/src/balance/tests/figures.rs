//! How even the load is, what a slow endpoint does to everybody's calls, and what a pick costs, on a clock that stands still
//! and out of a seed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};
use tonic::Status;

use super::super::{Balancer, Reach, Settings, pool};
use crate::{
    call::{Call, Invoke, Reply},
    discovery::{Endpoint, Fixed},
    fixture::{UNVERSIONED, say},
    policy::balance::{Balancing, Strategy},
};

/// Answers after a random time.
struct Replica {
    mean: Duration,
    calls: Arc<AtomicUsize>,
}

impl Invoke for Replica {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        self.calls.fetch_add(1, Relaxed);
        // Exponential: most are quick, and a few take several times as long.
        sleep(self.mean.mul_f64(-(1.0 - fastrand::f64()).ln())).await;
        Ok(Reply::new(call.body))
    }
}

impl Reach for Replica {
    async fn connect(&self) -> Result<(), Status> {
        Ok(())
    }

    async fn lost(&self) {
        std::future::pending().await
    }

    fn pause(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// So many replicas, the first of which is slower by a factor.
struct Fleet {
    balancer: Arc<Balancer<Replica>>,
    calls: Arc<[Arc<AtomicUsize>]>,
}

impl Fleet {
    async fn new(replicas: usize, strategy: Strategy, slower: f64) -> Self {
        fastrand::seed(7);
        let calls: Arc<[_]> = (0..replicas).map(|_| Arc::default()).collect();
        let endpoints = (0..replicas).map(|number| Endpoint::new(number.to_string()));
        let counted = Arc::clone(&calls);
        let open = move |endpoint: &Endpoint| {
            let number: usize = endpoint.address.parse().unwrap();
            let factor = if number == 0 { slower } else { 1.0 };
            Ok(Replica {
                mean: Duration::from_millis(10).mul_f64(factor),
                calls: Arc::clone(&counted[number]),
            })
        };
        let balancer = Balancer::new(Arc::new(Fixed::new(endpoints)), open);
        let settings = Settings {
            balancing: Balancing {
                subset_size: Some(0),
                ..Balancing::from(strategy)
            },
            ..Settings::default()
        };
        balancer.handle().configure(settings).unwrap();
        balancer.ready().await.unwrap();
        sleep(Duration::from_secs(1)).await;
        Self {
            balancer: Arc::new(balancer),
            calls,
        }
    }

    /// Sends calls at a steady rate; how long each took, the quickest first.
    async fn load(&self, calls: u32, each_second: u32) -> Vec<Duration> {
        let mut under_way = tokio::task::JoinSet::new();
        for _ in 0..calls {
            let balancer = Arc::clone(&self.balancer);
            under_way.spawn(async move {
                let begun = Instant::now();
                balancer.invoke(say(&UNVERSIONED, "hi")).await.unwrap();
                begun.elapsed()
            });
            sleep(Duration::from_secs(1) / each_second).await;
        }
        let mut times = under_way.join_all().await;
        times.sort();
        times
    }

    /// The most calls that one got, for each that they got on average.
    fn unfairness(&self) -> f64 {
        let calls: Vec<_> = self.calls.iter().map(|calls| calls.load(Relaxed)).collect();
        let mean = calls.iter().sum::<usize>() as f64 / calls.len() as f64;
        *calls.iter().max().unwrap() as f64 / mean
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_endpoints_get_as_much_as_each_other() {
    for strategy in [
        Strategy::PeakEwma,
        Strategy::LeastRequest,
        Strategy::RoundRobin,
    ] {
        let fleet = Fleet::new(50, strategy, 1.0).await;
        fleet.load(50_000, 1_000).await;
        let unfairness = fleet.unfairness();
        assert!(unfairness <= 1.1, "{strategy:?}: {unfairness:.3}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_slow_replica_of_ten_is_seen_by_few_calls() {
    let mut p99 = Vec::new();
    for strategy in [Strategy::PeakEwma, Strategy::RoundRobin] {
        let fleet = Fleet::new(10, strategy, 20.0).await;
        let times = fleet.load(20_000, 500).await;
        p99.push(times[times.len() * 99 / 100]);
    }
    assert!(p99[0] * 5 < p99[1], "{p99:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pick_looks_at_as_many_of_ten_endpoints_as_of_ten_thousand() {
    for strategy in [
        Strategy::PeakEwma,
        Strategy::RoundRobin,
        Strategy::WeightedRoundRobin,
        Strategy::LeastRequest,
        Strategy::RingHash,
        Strategy::PickFirst,
    ] {
        for replicas in [10, 10_000] {
            let fleet = Fleet::new(replicas, strategy, 1.0).await;
            let before = pool::looks();
            fleet.load(100, 1_000).await;
            let looks = pool::looks() - before;
            assert_eq!(looks, 100, "{strategy:?} of {replicas}");
        }
    }
}
