//! What balancing costs, and what it is worth: picks per second, how even the load is, what one slow replica of ten does,
//! and how soon a dead one is left alone.
//!
//! Picks are measured over ways that answer at once; the rest is computed on a clock that stands still, out of a seed.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use couplet::{
    Status,
    balance::{Balancer, Reach, Settings},
    call::{Call, Invoke, Message, Reply},
    discovery::{Endpoint, Fixed},
    policy::balance::Strategy,
};
use couplet_benches::{table::Table, unary::call};
use tokio::{
    runtime::Builder,
    time::{sleep, timeout},
};

/// The way to one replica.
struct Replica {
    /// How long a call takes on average; none is at once, and the longest never ends.
    mean: Duration,
    seen: Arc<Seen>,
}

/// What a replica has seen.
#[derive(Default)]
struct Seen {
    calls: AtomicUsize,
    /// When the last one came, in milliseconds since the program began.
    last: AtomicU64,
}

/// When the program began.
static BEGUN: LazyLock<tokio::time::Instant> = LazyLock::new(tokio::time::Instant::now);

impl Invoke for Replica {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        if !self.mean.is_zero() {
            self.seen.calls.fetch_add(1, Relaxed);
            let now = BEGUN.elapsed().as_millis();
            self.seen
                .last
                .store(now.try_into().unwrap_or(u64::MAX), Relaxed);
            let time = match self.mean {
                Duration::MAX => self.mean,
                mean => mean.mul_f64(-(1.0 - fastrand::f64()).ln()),
            };
            sleep(time).await;
        }
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

/// Replicas, each with the time that it takes, and a count of its calls.
struct Fleet {
    balancer: Arc<Balancer<Replica>>,
    seen: Vec<Arc<Seen>>,
}

impl Fleet {
    async fn new(strategy: Strategy, times: Vec<Duration>) -> Self {
        let seen: Vec<Arc<Seen>> = times.iter().map(|_| Arc::default()).collect();
        let endpoints = (0..times.len()).map(|number| Endpoint::new(number.to_string()));
        let shown = seen.clone();
        let open = move |endpoint: &Endpoint| {
            let number: usize = endpoint.address.parse().map_err(|_| "no number")?;
            Ok(Replica {
                mean: times[number],
                seen: Arc::clone(&shown[number]),
            })
        };
        let balancer = Balancer::new(Arc::new(Fixed::new(endpoints)), open);
        let mut settings = Settings::default();
        settings.balancing = strategy.into();
        settings.balancing.subset_size = Some(0);
        balancer
            .handle()
            .configure(settings)
            .expect("they make sense");
        balancer.ready().await.expect("all can be reached");
        // All of them are to be there, not the first alone.
        sleep(Duration::from_secs(2)).await;
        let balancer = Arc::new(balancer);
        Self { balancer, seen }
    }

    /// Sends calls at a steady rate, each with its time; how long they took, the quickest first.
    async fn load(&self, calls: u32, each_second: u32, patience: Duration) -> Vec<Duration> {
        let message = hi();
        let mut under_way = tokio::task::JoinSet::new();
        for _ in 0..calls {
            let message = message.clone();
            let balancer = Arc::clone(&self.balancer);
            under_way.spawn(async move {
                let begun = tokio::time::Instant::now();
                let mut sent = call(message);
                sent.attempt.timeout = Some(patience);
                let _ = timeout(patience, balancer.invoke(sent)).await;
                begun.elapsed()
            });
            sleep(Duration::from_secs(1) / each_second).await;
        }
        let mut times = under_way.join_all().await;
        times.sort();
        times
    }
}

fn hi() -> Message {
    Message::encode(&"hi".to_owned()).expect("a short text")
}

fn main() {
    let mut table = Table::new(&[
        "picks a second, and a call that is answered at once",
        "10",
        "1000",
        "10000",
    ]);
    for strategy in [
        Strategy::PeakEwma,
        Strategy::RoundRobin,
        Strategy::LeastRequest,
        Strategy::RingHash,
    ] {
        for threads in [1, 2] {
            let name = format!("{strategy:?}, {threads} threads");
            let picks = [10, 1_000, 10_000]
                .map(|endpoints| format!("{:.2} M", picks(strategy, endpoints, threads) / 1e6));
            table.row([vec![name], picks.to_vec()].concat());
        }
    }
    println!("{table}");
    let mut table = Table::new(&[
        "in simulated time",
        "max/mean of 50",
        "p99, one of ten 20 times slower",
        "calls to a dead one of ten",
        "until the last",
    ]);
    for strategy in [
        Strategy::PeakEwma,
        Strategy::LeastRequest,
        Strategy::RoundRobin,
    ] {
        let (calls, last) = simulated(dead(strategy));
        table.row(vec![
            format!("{strategy:?}"),
            format!("{:.3}", simulated(unfairness(strategy))),
            format!("{:?}", simulated(slow(strategy))),
            calls.to_string(),
            format!("{last:?}"),
        ]);
    }
    println!("{table}");
}

/// Calls a second of all threads together.
fn picks(strategy: Strategy, endpoints: usize, threads: usize) -> f64 {
    const CALLS: u32 = 1_000_000;
    let runtime = Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let fleet = Fleet::new(strategy, vec![Duration::ZERO; endpoints]).await;
        let begun = Instant::now();
        let tasks: Vec<_> = (0..threads)
            .map(|_| {
                let balancer = Arc::clone(&fleet.balancer);
                let message = hi();
                tokio::spawn(async move {
                    for _ in 0..CALLS {
                        let mut sent = call(message.clone());
                        sent.started = Some(begun);
                        balancer.invoke(sent).await.expect("an answer");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        f64::from(CALLS) * threads as f64 / begun.elapsed().as_secs_f64()
    })
}

/// What comes of `story` on a clock that stands still while somebody works.
fn simulated<T>(story: impl Future<Output = T>) -> T {
    fastrand::seed(7);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(story)
}

/// The most calls that one of fifty got, for each that they got on average.
async fn unfairness(strategy: Strategy) -> f64 {
    let fleet = Fleet::new(strategy, vec![Duration::from_millis(10); 50]).await;
    fleet.load(50_000, 1_000, Duration::from_secs(60)).await;
    let calls: Vec<_> = fleet
        .seen
        .iter()
        .map(|seen| seen.calls.load(Relaxed))
        .collect();
    let mean = calls.iter().sum::<usize>() as f64 / calls.len() as f64;
    calls.iter().max().map_or(0.0, |most| *most as f64 / mean)
}

async fn slow(strategy: Strategy) -> Duration {
    let mut times = vec![Duration::from_millis(10); 10];
    times[0] *= 20;
    let fleet = Fleet::new(strategy, times).await;
    let times = fleet.load(20_000, 500, Duration::from_secs(60)).await;
    times[times.len() * 99 / 100]
}

/// How many calls went to one of ten that never answers, and how long after the first one the last one did, within ten
/// seconds of 500 calls each that wait for 100 ms.
async fn dead(strategy: Strategy) -> (usize, Duration) {
    let mut times = vec![Duration::from_millis(10); 10];
    times[0] = Duration::MAX;
    let fleet = Fleet::new(strategy, times).await;
    let begun = BEGUN.elapsed();
    fleet.load(5_000, 500, Duration::from_millis(100)).await;
    let seen = &fleet.seen[0];
    let last = Duration::from_millis(seen.last.load(Relaxed));
    (seen.calls.load(Relaxed), last.saturating_sub(begun))
}
