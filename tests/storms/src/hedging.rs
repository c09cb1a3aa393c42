//! Hedging at the 95th percentile: what it takes off the tail, what it costs, and that it stops when all is slow.

use std::sync::Arc;

use couplet_simulation::{Delay, Fault, Load, Simulation};

pub use crate::shop::How;
use crate::{
    Line, MS, SECOND, Told,
    shop::{caller, working},
    told::millis,
};

/// A server with a long tail, and three times slower as a whole from 20 s to 30 s, of 40.
pub fn told(seed: u64, how: How) -> Told {
    let run = Simulation::seeded(seed).run(async |world| {
        world.host("shop", |host| {
            working(host, 8, Delay::long_tailed(8 * MS, 160 * MS))
        });
        world.at(20 * SECOND, Fault::slow("shop", 3.0).lasting(10 * SECOND));
        let call = caller(world.channel("users", "shop"), how);
        let load = Load::open(100.0).lasting(40 * SECOND);
        let calls = world.drive(load, move || Arc::clone(&call)()).await;
        let calm = calls.between(5 * SECOND..20 * SECOND);
        let slow = calls.between(20 * SECOND..30 * SECOND);
        let figures = vec![
            ("success", calls.all().success_rate()),
            ("p50 ms", millis(calm.quantile(0.5))),
            ("p99 ms", millis(calm.p99())),
            ("attempts per call", calm.amplification("shop")),
            ("p99 slow ms", millis(slow.p99())),
            ("attempts per call, slow", slow.amplification("shop")),
        ];
        (
            figures,
            Line::of("99th percentile, ms", &calls, |window| millis(window.p99())),
        )
    });
    Told::new(format!("{how:?}"), run)
}
