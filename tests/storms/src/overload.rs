//! More calls than a server can serve: what it still does of what it could, and how late.

use std::sync::Arc;

use couplet::{
    layer::limit::{
        Side, Table,
        adaptive::{AdaptiveLayer, Shedding},
    },
    policy::limit::adaptive::{Config, Limiter},
    server,
    stack::ServerPlace,
};
use couplet_simulation::{Delay, Host, Load, Simulation};

use crate::{
    Line, MS, SECOND, Told,
    shop::{How, SERVICE, caller, working},
    told::millis,
};

/// What stands before the server's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: it queues.
    Nothing,
    /// The adaptive limit.
    Adaptive,
    /// The adaptive limit, and callers who have a breaker.
    AdaptiveAndBreaker,
    /// The adaptive limit, and callers who have a throttle in the place of the breaker.
    AdaptiveAndThrottle,
}

/// What the server can do, in calls a second: four places, 20 ms each.
pub const PEAK: f64 = 200.0;

/// A quiet time to 10 s, and from then to 25 s `times` as many calls as the server can serve. Callers wait for 1 s.
pub fn told(seed: u64, times: f64, guard: Guard) -> Told {
    let run = Simulation::seeded(seed).run(async |world| {
        world.host("shop", move |host| guarded(host, guard));
        let how = match guard {
            Guard::AdaptiveAndBreaker => How::Plain,
            Guard::AdaptiveAndThrottle => How::Throttled,
            _ => How::Unguarded,
        };
        let call = caller(world.channel("users", "shop"), how);
        let quiet = Load::open(PEAK / 4.0).lasting(10 * SECOND);
        let (first, then) = (Arc::clone(&call), call);
        let calm = world.drive(quiet, move || first()).await;
        let storm = Load::open(PEAK * times).lasting(15 * SECOND);
        let calls = world.drive(storm, move || then()).await;

        let (calm, settled) = (calm.all(), calls.between(15 * SECOND..25 * SECOND));
        let figures = vec![
            ("goodput % of peak", 100.0 * settled.goodput() / PEAK),
            ("p99 ms", millis(settled.p99())),
            ("p99 unloaded ms", millis(calm.p99())),
            (
                "p99 to unloaded",
                millis(settled.p99()) / millis(calm.p99()),
            ),
            ("longest ms", millis(calls.all().longest())),
        ];
        (figures, Line::goodput(&calls))
    });
    Told::new(format!("{times} times, {guard:?}"), run)
}

fn guarded(host: &Host, guard: Guard) -> server::Builder {
    let server = working(host, 4, Delay::exponential(20 * MS));
    if guard == Guard::Nothing {
        return server;
    }
    let now = tokio::time::Instant::now().into_std();
    let limiter = Limiter::new(Config::default(), now).expect("the default makes sense");
    let shedding = Arc::new(Shedding::new(Arc::new(limiter)));
    let table = Table::new(SERVICE, |_| Some(Arc::clone(&shedding)));
    let layer = AdaptiveLayer::new(Arc::new(table), Side::Server);
    server.layer(ServerPlace::Arrival, layer)
}
