//! A partial outage: a share of calls fails whoever makes them. What is lost beside that share is the policy's doing.

use std::sync::Arc;

use couplet_simulation::{Fault, Load, Simulation};

pub use crate::shop::How;
use crate::{
    Line, MS, SECOND, Told,
    shop::{caller, working},
    told::recovery,
};

/// The server fails so many percent of its calls from 5 s to 25 s, of 45.
pub fn told(seed: u64, percent: u32, how: How) -> Told {
    let run = Simulation::seeded(seed).run(async |world| {
        world.host("shop", |host| working(host, 8, 5 * MS));
        let fault = Fault::erring(
            "shop",
            f64::from(percent) / 100.0,
            couplet::Code::Unavailable,
        );
        world.at(5 * SECOND, fault.lasting(20 * SECOND));
        let call = caller(world.channel("users", "shop"), how);
        let load = Load::open(50.0).lasting(45 * SECOND);
        let calls = world.drive(load, move || Arc::clone(&call)()).await;
        let ill = calls.between(5 * SECOND..25 * SECOND);
        let could = 1.0 - f64::from(percent) / 100.0;
        let figures = vec![
            ("success", ill.success_rate()),
            (
                "of what could succeed",
                if could > 0.0 {
                    ill.success_rate() / could
                } else {
                    1.0
                },
            ),
            ("load on the sick", ill.amplification("shop")),
            ("recovery s", recovery(&calls, 25 * SECOND)),
        ];
        (
            figures,
            Line::of("calls that succeed, %", &calls, |window| {
                100.0 * window.success_rate()
            }),
        )
    });
    Told::new(format!("{percent}% fail, {how:?}"), run)
}
