//! What resilience costs where nothing is wrong, and where a breaker refuses: couplet beside tower-resilience, seatbelt,
//! failsafe and recloser, at one, two, four and eight threads.
//!
//! Every library guards the same thing, a function that gives its message back. Its layers are built once and shared by the
//! threads in the way that it documents. A figure is core time: what the clock said, times the cores that were in use, by the
//! operations of all threads.

mod measure;
mod peers;

use std::{
    future::poll_fn,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use couplet::{
    Status,
    call::{Call, Invoke, Message, Reply},
    layer::retry::{Retry, Target},
    policy::{
        breaker::{Breaker, Config, Handle, Verdict},
        plan::Plans,
    },
    stack::{Client, ClientSettings},
};
use couplet_benches::{
    alloc::Counting,
    unary::{ECHO, call},
};
use failsafe::futures::CircuitBreaker as _;
use layered::Service as _;

use self::measure::{Bench, block_on};
use self::peers::{
    seatbelt_breaker, seatbelt_retry, seatbelt_stack, tower_breaker, tower_retry, tower_stack,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the peers' layers are given as times that never come.
const LONG: Duration = Duration::from_secs(3600);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime for the peers' timers");
    let _entered = runtime.enter();
    let mut bench = Bench::new(runtime.handle().clone());
    let message = Message::encode(&"a hundred bytes ".repeat(6)).expect("short enough");
    admitted(&mut bench, &message);
    refused(&mut bench, &message);
    retry(&mut bench, &message);
    stack(&mut bench, &message);
    bench.criterion.final_summary();
    println!("{}", bench.table());
}

// === The lines ===

fn admitted(bench: &mut Bench, message: &Message) {
    const LINE: &str = "breaker admits";
    let breaker = breaker();
    let now = Instant::now();
    bench.measure("breaker admits, told the time", "couplet", || {
        || block_on(guarded(&breaker, message.clone(), || now)).is_ok()
    });
    bench.measure(LINE, "couplet", || {
        || block_on(guarded(&breaker, message.clone(), Instant::now)).is_ok()
    });
    let service = tower_breaker().0;
    bench.measure(LINE, "tower-resilience", || {
        let mut service = service.clone();
        move || block_on(tower_call(&mut service, message.clone())).is_ok()
    });
    let service = seatbelt_breaker(false);
    bench.measure(LINE, "seatbelt", || {
        || block_on(service.execute(message.clone())).is_ok()
    });
    let breaker = failsafe::Config::new().build();
    bench.measure(LINE, "failsafe", || {
        || block_on(breaker.call(echo(message.clone()))).is_ok()
    });
    let breaker = recloser::AsyncRecloser::from(recloser::Recloser::custom().build());
    bench.measure(LINE, "recloser", || {
        || block_on(breaker.call(echo(message.clone()))).is_ok()
    });
}

fn refused(bench: &mut Bench, message: &Message) {
    const LINE: &str = "breaker refuses";
    let breaker = breaker();
    Handle::new(Arc::clone(&breaker)).force_open(Instant::now());
    bench.measure(LINE, "couplet", || {
        || block_on(guarded(&breaker, message.clone(), Instant::now)).is_err()
    });
    let (service, handle) = tower_breaker();
    block_on(handle.force_open());
    bench.measure(LINE, "tower-resilience", || {
        let mut service = service.clone();
        move || block_on(tower_call(&mut service, message.clone())).is_err()
    });
    let service = seatbelt_breaker(true);
    while !matches!(block_on(service.execute(message.clone())), Err("open")) {}
    bench.measure(LINE, "seatbelt", || {
        || block_on(service.execute(message.clone())).is_err()
    });
    let policy =
        failsafe::failure_policy::consecutive_failures(1, failsafe::backoff::constant(LONG));
    let breaker = failsafe::Config::new().failure_policy(policy).build();
    while breaker.is_call_permitted() {
        block_on(breaker.call(fail())).unwrap_err();
    }
    bench.measure(LINE, "failsafe", || {
        || block_on(breaker.call(echo(message.clone()))).is_err()
    });
    let breaker = recloser::Recloser::custom()
        .closed_len(1)
        .open_wait(LONG)
        .build();
    let breaker = recloser::AsyncRecloser::from(breaker);
    while !matches!(
        block_on(breaker.call(fail())),
        Err(recloser::Error::Rejected)
    ) {}
    bench.measure(LINE, "recloser", || {
        || block_on(breaker.call(echo(message.clone()))).is_err()
    });
}

fn retry(bench: &mut Bench, message: &Message) {
    const LINE: &str = "retry passes through";
    let plans = Arc::new(Plans::of_contract(&ECHO));
    let layer = Retry::new(Echo, plans, Arc::<Target>::default());
    bench.measure(LINE, "couplet", || {
        || block_on(layer.invoke(call(message.clone()))).is_ok()
    });
    let service = tower_retry();
    bench.measure(LINE, "tower-resilience", || {
        let mut service = service.clone();
        move || block_on(tower_call(&mut service, message.clone())).is_ok()
    });
    let service = seatbelt_retry();
    bench.measure(LINE, "seatbelt", || {
        || block_on(service.execute(message.clone())).is_ok()
    });
}

/// Ours has a deadline, retry, a breaker, the check of versions and its places for fallbacks and the user's layers; theirs a
/// time limit, retry and a breaker.
fn stack(bench: &mut Bench, message: &Message) {
    const LINE: &str = "whole client stack";
    let client = Client::new(Echo, &ECHO, &ClientSettings::default());
    bench.measure(LINE, "couplet", || {
        || block_on(client.invoke(call(message.clone()))).is_ok()
    });
    let service = tower_stack();
    bench.measure(LINE, "tower-resilience", || {
        let mut service = service.clone();
        move || block_on(tower_call(&mut service, message.clone())).is_ok()
    });
    let service = seatbelt_stack();
    bench.measure(LINE, "seatbelt", || {
        || block_on(service.execute(message.clone())).is_ok()
    });
}

// === What is guarded ===

async fn echo(message: Message) -> Result<Message, &'static str> {
    Ok(black_box(message))
}

async fn fail() -> Result<Message, &'static str> {
    Err("sick")
}

struct Echo;

impl Invoke for Echo {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        Ok(Reply::new(black_box(call).body))
    }
}

fn breaker() -> Arc<Breaker> {
    let breaker = Breaker::new(Config::default(), Instant::now(), 1);
    Arc::new(breaker.expect("the defaults make sense"))
}

async fn guarded(
    breaker: &Breaker,
    message: Message,
    now: impl Fn() -> Instant,
) -> Result<Message, &'static str> {
    let permit = breaker.admit(now()).map_err(|_| "open")?;
    let answer = echo(message).await;
    let verdict = match answer {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure,
    };
    permit.complete(now(), verdict);
    answer
}

async fn tower_call<S>(service: &mut S, message: Message) -> Result<S::Response, S::Error>
where
    S: tower::Service<Message>,
{
    poll_fn(|context| service.poll_ready(context)).await?;
    service.call(message).await
}
