//! What the client's layers cost: the whole default stack over a service that answers at once, nanoseconds and
//! allocations a call, at one thread and, per core, at two.

use std::{future::Future, hint::black_box, sync::Barrier, task, time::Instant};

use couplet::{
    Status,
    call::{
        Ages, Announced, Body, Call, FieldAge, Inside, Invoke, Message, Method, MethodAge,
        Policies, Reply, Service,
    },
    stack::{Client, ClientSettings},
};
use couplet_benches::{
    alloc::{Counting, count},
    unary::{ECHO, method, service},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The same, with a client that asks for a server by what its request holds.
static PER_CALL: Service = service(&PER_CALL_METHODS, Some(&AGES));
static PER_CALL_METHODS: [Method; 1] = [method(&PER_CALL)];

/// The same, whose method declares nothing.
static SILENT: Service = service(&SILENT_METHODS, None);
static SILENT_METHODS: [Method; 1] = [Method {
    policies: Policies::UNSET,
    ..method(&SILENT)
}];

/// Field 2 came later; the request has none, and is read to its end.
static AGES: Ages = Ages {
    releases: &["1.0.0", "1.4.0"],
    methods: &[MethodAge {
        since: 0,
        newest: 1,
        request: 0,
    }],
    messages: &[&[FieldAge {
        number: 2,
        since: 1,
        inside: Inside::Nothing,
    }]],
    enums: &[],
};

/// Answers every call with its own message.
struct Null;

impl Invoke for Null {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        Ok(Reply::new(black_box(call).body))
    }
}

/// The same, and says its version as a server does.
struct Saying;

impl Invoke for Saying {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        Ok(Reply {
            announced: Announced::Own(&ECHO.release().server),
            ..Reply::new(black_box(call).body)
        })
    }
}

/// Many short rounds: some of them are not interrupted, however busy the machine is.
const ROUNDS: usize = 400;
const CALLS: u32 = 4_000;

fn main() {
    let message = Message::encode(&"a hundred bytes ".repeat(6)).expect("short enough");
    let bare = best(1, &Null, &ECHO.methods[0], &message);
    let stack = Client::new(Null, &ECHO, &ClientSettings::default());
    for threads in [1, 2] {
        let (nanos, allocations) = best(threads, &stack, &ECHO.methods[0], &message);
        println!(
            "client stack, {threads} thread(s): {nanos:.0} ns and {allocations:.2} allocations a call \
             (the null service alone: {:.0} ns, {:.2})",
            bare.0, bare.1
        );
    }
    let saying = Client::new(Saying, &ECHO, &ClientSettings::default());
    let (nanos, allocations) = best(1, &saying, &ECHO.methods[0], &message);
    println!("with a server that says its version: {nanos:.0} ns and {allocations:.2} allocations");
    assert!(saying.counts().version.fitting.sum() > 0);
    let (nanos, allocations) = best(
        1,
        &Client::new(Null, &PER_CALL, &ClientSettings::default()),
        &PER_CALL_METHODS[0],
        &message,
    );
    println!(
        "with a minimum for each call, its request walked along: {nanos:.0} ns and {allocations:.2} allocations"
    );
    let silent = Client::new(Null, &SILENT, &ClientSettings::default());
    let (nanos, allocations) = best(1, &silent, &SILENT_METHODS[0], &message);
    println!("with a method that declares nothing: {nanos:.0} ns and {allocations:.2} allocations");
    let breaker = stack.breakers().of(&ECHO.methods[0]);
    let counts = stack.counts();
    println!(
        "counters: deadline {}, breaker {:?}, version (unsaid by the null service) {}",
        counts.deadline.bounded.sum(),
        breaker.state(),
        counts.version.unsaid.sum()
    );
    assert!(counts.deadline.bounded.sum() > 0 && counts.version.unsaid.sum() > 0);
}

/// The best of several rounds, as nanoseconds and allocations a call of each thread.
fn best(
    threads: usize,
    stack: &impl Invoke,
    method: &'static Method,
    message: &Message,
) -> (f64, f64) {
    let rounds = (0..ROUNDS).map(|_| round(threads, stack, method, message));
    rounds.fold((f64::MAX, f64::MAX), |best, round| {
        (best.0.min(round.0), best.1.min(round.1))
    })
}

fn round(
    threads: usize,
    stack: &impl Invoke,
    method: &'static Method,
    message: &Message,
) -> (f64, f64) {
    let barrier = Barrier::new(threads);
    let before = count();
    let nanos: f64 = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| calls(&barrier, stack, method, message)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"))
            .sum()
    });
    let calls = f64::from(CALLS) * threads as f64;
    (
        nanos / calls,
        ((count() - before) as f64 / calls * 100.0).floor() / 100.0,
    )
}

fn calls(
    barrier: &Barrier,
    stack: &impl Invoke,
    method: &'static Method,
    message: &Message,
) -> f64 {
    let mut context = task::Context::from_waker(task::Waker::noop());
    barrier.wait();
    let started = Instant::now();
    for _ in 0..CALLS {
        let call = Call::new(method, Body::One(message.clone(), None));
        let mut answer = std::pin::pin!(stack.invoke(call));
        let task::Poll::Ready(answer) = answer.as_mut().poll(&mut context) else {
            unreachable!("the null service answers at once");
        };
        black_box(answer.is_ok());
    }
    started.elapsed().as_nanos() as f64
}
