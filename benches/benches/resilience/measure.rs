//! Runs an operation on some threads, under criterion, and keeps the figures for one table of all.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Barrier},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use couplet_benches::{
    alloc::count,
    table::{Table, middle, short},
};
use criterion::{BenchmarkId, Criterion};
use tokio::runtime::Handle as Runtime;

/// What is guarded, by itself, and who guards it.
const LIBRARIES: [&str; 6] = [
    UNGUARDED,
    "couplet",
    "tower-resilience",
    "seatbelt",
    "failsafe",
    "recloser",
];
pub(super) const UNGUARDED: &str = "unguarded";
const THREADS: [usize; 4] = [1, 2, 4, 8];

/// What does not come to an end on that many threads or more: the open breaker of tower-resilience.
const ENDLESS: (&str, &str, usize) = ("breaker refuses", "tower-resilience", 4);

pub(super) struct Bench {
    pub(super) criterion: Criterion,
    runtime: Runtime,
    lines: Vec<&'static str>,
    /// Nanoseconds of each sample, by line, library and threads.
    samples: BTreeMap<(&'static str, &'static str, usize), Vec<f64>>,
    /// For each operation.
    allocations: BTreeMap<(&'static str, &'static str), f64>,
}

impl Bench {
    pub(super) fn new(runtime: Runtime) -> Self {
        let criterion = Criterion::default()
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(800))
            .sample_size(20)
            .without_plots()
            .configure_from_args();
        Self {
            criterion,
            runtime,
            lines: Vec::new(),
            samples: BTreeMap::new(),
            allocations: BTreeMap::new(),
        }
    }

    /// Measures what `prepare` makes for each thread. It says whether an operation did what it should.
    pub(super) fn measure<O: FnMut() -> bool + Send>(
        &mut self,
        line: &'static str,
        library: &'static str,
        prepare: impl Fn() -> O,
    ) {
        if self.lines.last() != Some(&line) {
            self.lines.push(line);
        }
        self.allocations
            .insert((line, library), allocations(prepare()));
        let mut group = self.criterion.benchmark_group(line);
        for threads in THREADS {
            if is_endless(line, library, threads) {
                continue;
            }
            let samples = self.samples.entry((line, library, threads)).or_default();
            group.bench_function(BenchmarkId::new(library, threads), |bencher| {
                bencher.iter_custom(|times| {
                    let operations = (0..threads).map(|_| prepare()).collect();
                    let nanos = run(&self.runtime, operations, times);
                    if times >= 100 {
                        samples.push(nanos);
                    }
                    Duration::from_secs_f64(nanos * times as f64 / 1e9)
                });
            });
        }
        group.finish();
    }

    pub(super) fn table(&self) -> Table {
        let headings: Vec<_> = ["ns, allocations", "threads"]
            .into_iter()
            .chain(LIBRARIES)
            .collect();
        let mut table = Table::new(&headings);
        for line in &self.lines {
            for threads in THREADS {
                let cells = LIBRARIES
                    .iter()
                    .map(|library| self.cell(line, library, threads));
                let head = [(*line).to_owned(), threads.to_string()];
                table.row(head.into_iter().chain(cells).collect());
            }
        }
        table
    }

    /// The median, and the allocations of an operation.
    fn cell(&self, line: &'static str, library: &'static str, threads: usize) -> String {
        if is_endless(line, library, threads) {
            return "does not end".to_owned();
        }
        let Some(samples) = self.samples.get(&(line, library, threads)) else {
            return "has none".to_owned();
        };
        let allocations = self.allocations[&(line, library)];
        format!("{}, {allocations:.0}", short(middle(samples.clone())))
    }
}

fn is_endless(line: &str, library: &str, threads: usize) -> bool {
    (line, library) == (ENDLESS.0, ENDLESS.1) && threads >= ENDLESS.2
}

/// The core time of an operation in nanoseconds, when each of some threads does `times`, or as many as it can in a while:
/// who sleeps where he has to wait would never come to an end.
fn run<O: FnMut() -> bool + Send>(runtime: &Runtime, operations: Vec<O>, times: u64) -> f64 {
    const WHILE: Duration = Duration::from_millis(200);
    const BATCH: u64 = 64;
    let threads = operations.len();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let barrier = Barrier::new(threads);
    let work = |mut operation: O| {
        let _entered = runtime.enter();
        barrier.wait();
        let (started, mut done) = (Instant::now(), 0);
        while done < times && started.elapsed() < WHILE {
            let batch = BATCH.min(times - done);
            (0..batch).for_each(|_| assert!(operation(), "an operation went another way"));
            done += batch;
        }
        (started, Instant::now(), done)
    };
    let worked: Vec<_> = thread::scope(|scope| {
        let workers = operations
            .into_iter()
            .map(|operation| scope.spawn(|| work(operation)));
        let workers: Vec<_> = workers.collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"))
            .collect()
    });
    let first = worked.iter().map(|(started, _, _)| *started).min();
    let last = worked.iter().map(|(_, ended, _)| *ended).max();
    let took = first
        .zip(last)
        .map_or(Duration::ZERO, |(first, last)| last - first);
    let done: u64 = worked.iter().map(|(_, _, done)| done).sum();
    took.as_nanos() as f64 * cores.min(threads) as f64 / done.max(1) as f64
}

/// The allocations of an operation, on one thread and once everything is warm.
fn allocations(mut operation: impl FnMut() -> bool) -> f64 {
    const TIMES: u32 = 1_000;
    (0..TIMES).for_each(|_| assert!(operation()));
    let before = count();
    (0..TIMES).for_each(|_| assert!(operation()));
    (count() - before) as f64 / f64::from(TIMES)
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
}

/// Waits for what mostly is there at once. It is pinned by who makes it: handed over, a large future would be copied.
pub(super) fn block_on<F: Future>(mut future: Pin<&mut F>) -> F::Output {
    WAKER.with(|waker| {
        let mut context = Context::from_waker(waker);
        loop {
            match future.as_mut().poll(&mut context) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::park(),
            }
        }
    })
}
