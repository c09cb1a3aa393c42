//! The contract of all scenarios: one call by many policies, and a server that is a closure.

use std::{future::Future, pin::Pin, sync::Arc};

use couplet::call::{HedgingPolicy, Invoke, Policies, RetryPolicy};
use couplet::codegen::Contract;
use couplet::layer::retry::{Retry, Target};
use couplet::policy::breaker::State;
use couplet::policy::plan::{Plan, Plans};
use couplet::policy::retry::{Throttle, ThrottleConfig};
use couplet::{Channel, Request, Response, Server, Status, context::Context, server};

use couplet_simulation::{Delay, Host};

use crate::MS;

/// The same call, by the policies that each method is for.
#[couplet::service(package = "storms.v1", version = "1.0.0", defaults(timeout = "1s"))]
pub(crate) trait Shop {
    /// A long deadline and nothing else.
    #[rpc(no_side_effects, timeout = "30s", breaker(mode = DISABLED))]
    async fn bare(&self, request: Request<()>) -> Result<Response<()>, Status>;
    /// What every method has: a deadline and a breaker.
    #[rpc(no_side_effects)]
    async fn plain(&self, request: Request<()>) -> Result<Response<()>, Status>;
    /// With retries.
    #[rpc(no_side_effects, retry(max_attempts = 3))]
    async fn retried(&self, request: Request<()>) -> Result<Response<()>, Status>;
    /// With retries and no breaker.
    #[rpc(no_side_effects, retry(max_attempts = 3), breaker(mode = DISABLED))]
    async fn budgeted(&self, request: Request<()>) -> Result<Response<()>, Status>;
    /// A throttle in the place of the breaker.
    #[rpc(no_side_effects, breaker(mode = ADAPTIVE_THROTTLE))]
    async fn throttled(&self, request: Request<()>) -> Result<Response<()>, Status>;
    /// A breaker that counts calls of 60 ms or more, too.
    #[rpc(
        no_side_effects,
        breaker(slow_call_duration_threshold = "60ms", slow_call_rate_threshold = 50.0)
    )]
    async fn watchful(&self, request: Request<()>) -> Result<Response<()>, Status>;
    /// No breaker.
    #[rpc(no_side_effects, breaker(mode = DISABLED))]
    async fn unguarded(&self, request: Request<()>) -> Result<Response<()>, Status>;
    /// With copies of calls that take longer than most.
    #[rpc(
        no_side_effects,
        hedging(
            max_attempts = 2,
            hedging_delay = "20ms",
            hedging_delay_percentile = 95.0,
            max_extra_load = 5.0
        )
    )]
    async fn hedged(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

/// What comes of a call.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<(), Status>> + Send>>;

/// Serves every method by a closure.
struct Shelf<F>(F);

macro_rules! serve_alike {
    ($($method:ident)*) => {
        impl<F, A> Shop for Shelf<F>
        where
            F: Fn() -> A + Send + Sync + 'static,
            A: Future<Output = Result<(), Status>> + Send,
        {
            $(async fn $method(&self, _: Request<()>) -> Result<Response<()>, Status> {
                (self.0)().await.map(Response::new)
            })*
        }
    };
}

serve_alike!(bare plain retried budgeted throttled watchful unguarded hedged);

/// A server whose every method is `answer`.
pub(crate) fn serving<F, A>(answer: F) -> server::Builder
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Future<Output = Result<(), Status>> + Send + 'static,
{
    Server::builder().add(ShopServer::new(Shelf(answer)))
}

/// A server that works on each call for `time`, on so many at once.
pub(crate) fn working(host: &Host, places: usize, time: impl Into<Delay>) -> server::Builder {
    let (cpu, time) = (host.cpu(places), time.into());
    serving(move || {
        let cpu = cpu.clone();
        async move {
            cpu.work(time).await;
            Ok(())
        }
    })
}

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Three attempts whatever happens: no budget, no breaker, and retries of retries.
    Naive,
    /// The same, but a server that handles a repeated call does not repeat its own.
    ChainStop,
    /// The retries of couplet, with their throttle and without a breaker.
    Budgeted,
    /// All that a method with retries has.
    Retried,
    /// All that a method has that says nothing.
    Plain,
    /// A throttle in the place of the breaker.
    Throttled,
    /// A breaker that counts slow calls.
    Watchful,
    /// A deadline and no breaker.
    Unguarded,
    /// Hedged at the 95th percentile.
    Hedged,
}

/// The contract.
pub(crate) const SERVICE: &couplet::call::Service =
    <ShopServer<Shelf<fn() -> Answer>> as Contract>::SERVICE;

/// Makes one call.
pub(crate) type Caller = Arc<dyn Fn() -> Answer + Send + Sync>;

/// What calls over `channel`, as `how` says.
pub(crate) fn caller(channel: Channel, how: How) -> Caller {
    let shop = ShopClient::new(channel.clone());
    match how {
        How::Naive | How::ChainStop => {
            let (stack, plans) = (channel.stack(SERVICE), Arc::new(headlong()));
            Arc::new(move || {
                // A target of its own for each call: no throttle remembers another.
                let target = Arc::new(Target {
                    throttle: Throttle::new(&ThrottleConfig {
                        max_tokens: 1000,
                        ..ThrottleConfig::default()
                    }),
                    ..Target::default()
                });
                let shop = ShopClient::over(Retry::new(stack.clone(), Arc::clone(&plans), target));
                let mut context = Context::current();
                if how == How::Naive {
                    context.previous_attempts = 0;
                }
                Box::pin(context.scope(async move { shop.bare(()).await.map(drop) }))
            })
        }
        _ => Arc::new(move || {
            let shop = shop.clone();
            Box::pin(async move {
                let answer = match how {
                    How::Budgeted => shop.budgeted(()).await,
                    How::Retried => shop.retried(()).await,
                    How::Throttled => shop.throttled(()).await,
                    How::Watchful => shop.watchful(()).await,
                    How::Unguarded => shop.unguarded(()).await,
                    How::Hedged => shop.hedged(()).await,
                    _ => shop.plain(()).await,
                };
                answer.map(drop)
            })
        }),
    }
}

/// The breaker of [`How::Plain`] on this channel.
pub(crate) fn breaker(channel: &Channel) -> State {
    let handle = channel.stack(SERVICE).breaker("Plain");
    handle.expect("the contract has the method").state()
}

/// Retries as people write them.
fn headlong() -> Plans {
    let retry = RetryPolicy {
        max_attempts: Some(3),
        initial_backoff: Some(10 * MS),
        max_backoff: Some(20 * MS),
        ..RetryPolicy::UNSET
    };
    plans(Policies {
        retry: Some(retry),
        ..Policies::UNSET
    })
}

/// Calls over `inner`, with a copy of each one that is not answered after 30 ms, for up to `extra` of every hundred.
pub(crate) fn hedged(inner: impl Invoke + 'static, extra: f32) -> Caller {
    let hedging = HedgingPolicy {
        max_attempts: Some(2),
        hedging_delay: Some(30 * MS),
        max_extra_load: Some(extra),
        ..HedgingPolicy::UNSET
    };
    let plans = plans(Policies {
        hedging: Some(hedging),
        ..Policies::UNSET
    });
    let retry = Retry::new(inner, Arc::new(plans), Arc::default());
    let shop = ShopClient::over(Arc::new(retry));
    Arc::new(move || {
        let shop = shop.clone();
        Box::pin(async move { shop.plain(()).await.map(drop) })
    })
}

/// These policies for every method.
fn plans(policies: Policies) -> Plans {
    Plans::new(SERVICE, |_| Plan::new(policies))
}
