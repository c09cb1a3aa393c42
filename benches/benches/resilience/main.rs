//! What resilience costs where nothing is wrong, and where a breaker refuses: couplet beside tower-resilience, seatbelt,
//! failsafe and recloser, at one, two, four and eight threads.
//!
//! On one line every library guards the same thing: a breaker a function that gives its message back, a retry and a stack one
//! that answers a call with its message. What that costs by itself is in a column of its own. Layers are built once and
//! shared by the threads in the way that each library documents. Futures are pinned where they are made, as `await` does. A
//! figure is core time: what the clock said, times the cores that were in use, by the operations of all threads.

mod measure;
mod peers;

use std::{
    future::{Future, poll_fn},
    hint::black_box,
    pin::{Pin, pin},
    sync::Arc,
    time::{Duration, Instant},
};

use couplet::{
    Status,
    call::{Body, Call, Invoke, Message, Reply},
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

use self::measure::{Bench, UNGUARDED, block_on};
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
        || block_on(pin!(guarded(&breaker, pin!(echo(message.clone())), || now))).is_ok()
    });
    bench.measure(LINE, UNGUARDED, || {
        || block_on(pin!(echo(message.clone()))).is_ok()
    });
    bench.measure(LINE, "couplet", || {
        || {
            block_on(pin!(guarded(
                &breaker,
                pin!(echo(message.clone())),
                Instant::now
            )))
            .is_ok()
        }
    });
    let service = tower_breaker().0;
    bench.measure(LINE, "tower-resilience", || {
        let mut service = service.clone();
        move || block_on(pin!(tower_call(&mut service, message.clone()))).is_ok()
    });
    let service = seatbelt_breaker(false);
    bench.measure(LINE, "seatbelt", || {
        || block_on(pin!(service.execute(message.clone()))).is_ok()
    });
    let breaker = failsafe::Config::new().build();
    bench.measure(LINE, "failsafe", || {
        || block_on(pin!(breaker.call(echo(message.clone())))).is_ok()
    });
    let breaker = recloser::AsyncRecloser::from(recloser::Recloser::custom().build());
    bench.measure(LINE, "recloser", || {
        || block_on(pin!(breaker.call(echo(message.clone())))).is_ok()
    });
}

fn refused(bench: &mut Bench, message: &Message) {
    const LINE: &str = "breaker refuses";
    let breaker = breaker();
    Handle::new(Arc::clone(&breaker)).force_open(Instant::now());
    bench.measure(LINE, "couplet", || {
        || {
            block_on(pin!(guarded(
                &breaker,
                pin!(echo(message.clone())),
                Instant::now
            )))
            .is_err()
        }
    });
    let (service, handle) = tower_breaker();
    block_on(pin!(handle.force_open()));
    bench.measure(LINE, "tower-resilience", || {
        let mut service = service.clone();
        move || block_on(pin!(tower_call(&mut service, message.clone()))).is_err()
    });
    let service = seatbelt_breaker(true);
    while !matches!(
        block_on(pin!(service.execute(message.clone()))),
        Err("open")
    ) {}
    bench.measure(LINE, "seatbelt", || {
        || block_on(pin!(service.execute(message.clone()))).is_err()
    });
    let policy =
        failsafe::failure_policy::consecutive_failures(1, failsafe::backoff::constant(LONG));
    let breaker = failsafe::Config::new().failure_policy(policy).build();
    while breaker.is_call_permitted() {
        block_on(pin!(breaker.call(fail()))).unwrap_err();
    }
    bench.measure(LINE, "failsafe", || {
        || block_on(pin!(breaker.call(echo(message.clone())))).is_err()
    });
    let breaker = recloser::Recloser::custom()
        .closed_len(1)
        .open_wait(LONG)
        .build();
    let breaker = recloser::AsyncRecloser::from(breaker);
    while !matches!(
        block_on(pin!(breaker.call(fail()))),
        Err(recloser::Error::Rejected)
    ) {}
    bench.measure(LINE, "recloser", || {
        || block_on(pin!(breaker.call(echo(message.clone())))).is_err()
    });
}

fn retry(bench: &mut Bench, message: &Message) {
    const LINE: &str = "retry of a call";
    const BARE: &str = "retry of a message";
    bench.measure(LINE, UNGUARDED, || {
        || block_on(pin!(answer(Request::of(message)))).is_ok()
    });
    let plans = Arc::new(Plans::of_contract(&ECHO));
    let layer = Retry::new(Echo, plans, Arc::<Target>::default());
    bench.measure(LINE, "couplet", || {
        || block_on(pin!(layer.invoke(call(message.clone())))).is_ok()
    });
    let service = seatbelt_retry(answer);
    bench.measure(LINE, "seatbelt", || {
        || block_on(pin!(service.execute(Request::of(message)))).is_ok()
    });
    bench.measure(BARE, UNGUARDED, || {
        || block_on(pin!(echo(message.clone()))).is_ok()
    });
    let service = tower_retry();
    bench.measure(BARE, "tower-resilience", || {
        let mut service = service.clone();
        move || block_on(pin!(tower_call(&mut service, message.clone()))).is_ok()
    });
    let service = seatbelt_retry(echo);
    bench.measure(BARE, "seatbelt", || {
        || block_on(pin!(service.execute(message.clone()))).is_ok()
    });
}

/// Ours has a deadline, retry, a breaker, the check of versions and its places for limits, fallbacks and the user's layers;
/// theirs a time limit, retry and a breaker.
fn stack(bench: &mut Bench, message: &Message) {
    const LINE: &str = "client stack of a call";
    const BARE: &str = "client stack of a message";
    bench.measure(LINE, UNGUARDED, || {
        || block_on(pin!(answer(Request::of(message)))).is_ok()
    });
    let client = Client::new(Echo, &ECHO, &ClientSettings::default());
    bench.measure(LINE, "couplet", || {
        || block_on(pin!(client.invoke(call(message.clone())))).is_ok()
    });
    let service = seatbelt_stack(answer);
    bench.measure(LINE, "seatbelt", || {
        || block_on(pin!(service.execute(Request::of(message)))).is_ok()
    });
    bench.measure(BARE, UNGUARDED, || {
        || block_on(pin!(echo(message.clone()))).is_ok()
    });
    let service = tower_stack();
    bench.measure(BARE, "tower-resilience", || {
        let mut service = service.clone();
        move || block_on(pin!(tower_call(&mut service, message.clone()))).is_ok()
    });
    let service = seatbelt_stack(echo);
    bench.measure(BARE, "seatbelt", || {
        || block_on(pin!(service.execute(message.clone()))).is_ok()
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

/// What a library for any request is given, to guard what ours does: it copies requests.
struct Request(Call);

impl Request {
    fn of(message: &Message) -> Self {
        Self(call(message.clone()))
    }
}

impl Clone for Request {
    fn clone(&self) -> Self {
        match &self.0.body {
            Body::One(message, _) => Self::of(message),
            Body::Many(_) => unreachable!("calls have one message here"),
        }
    }
}

async fn answer(request: Request) -> Result<Reply, &'static str> {
    Echo.invoke(request.0).await.map_err(|_| "sick")
}

fn breaker() -> Arc<Breaker> {
    let breaker = Breaker::new(Config::default(), Instant::now(), 1);
    Arc::new(breaker.expect("the defaults make sense"))
}

/// As a breaker is used that stands alone, and as our layer does it: what had to be waited for, or failed, is timed again.
async fn guarded<T>(
    breaker: &Breaker,
    mut attempt: Pin<&mut impl Future<Output = Result<T, &'static str>>>,
    now: impl Fn() -> Instant,
) -> Result<T, &'static str> {
    let permit = breaker.admit(now()).map_err(|_| "open")?;
    let mut waited = false;
    let answer = poll_fn(|context| {
        let polled = attempt.as_mut().poll(context);
        waited |= polled.is_pending();
        polled
    });
    let answer = answer.await;
    match answer {
        Ok(_) if !waited && !permit.is_timed() => {
            let started = permit.started();
            permit.complete(started, Verdict::Success);
        }
        Ok(_) => permit.complete(now(), Verdict::Success),
        Err(_) => permit.complete(now(), Verdict::Failure),
    }
    answer
}

async fn tower_call<S>(service: &mut S, message: Message) -> Result<S::Response, S::Error>
where
    S: tower::Service<Message>,
{
    poll_fn(|context| service.poll_ready(context)).await?;
    service.call(message).await
}
