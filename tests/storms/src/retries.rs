//! A retry storm: a chain of services, each of which tries three times, over one that fails for ten seconds.

use std::sync::Arc;

use couplet_simulation::{Fault, Load, Simulation};

pub use crate::shop::How;
use crate::{
    Line, MS, SECOND, Told,
    shop::{caller, serving, working},
    told::recovery,
};

/// Users call `a`, which calls `b`, which calls `c`; `c` fails everything from 5 s to 15 s, of 30.
pub fn told(seed: u64, how: How) -> Told {
    let run = Simulation::seeded(seed).run(async |world| {
        world.host("c", |host| working(host, 8, 2 * MS));
        for (name, next) in [("b", "c"), ("a", "b")] {
            world.host(name, move |host| {
                let call = caller(host.channel(next), how);
                serving(move || call())
            });
        }
        let fault = Fault::erring("c", 1.0, couplet::Code::Unavailable);
        world.at(5 * SECOND, fault.lasting(10 * SECOND));
        let call = caller(world.channel("users", "a"), how);
        let load = Load::open(20.0).lasting(30 * SECOND);
        let calls = world.drive(load, move || Arc::clone(&call)()).await;

        let storm = calls.between(5 * SECOND..15 * SECOND);
        let attempts: Vec<_> = calls
            .series(SECOND)
            .map(|window| (window.time().start.as_secs_f64(), window.amplification("c")))
            .collect();
        let worst = attempts.iter().map(|(_, attempts)| *attempts);
        let figures = vec![
            ("amplification", storm.amplification("c")),
            ("worst second", worst.fold(0.0, f64::max)),
            (
                "success before",
                calls.between(SECOND..5 * SECOND).success_rate(),
            ),
            ("recovery s", recovery(&calls, 15 * SECOND)),
        ];
        let line = Line {
            of: "attempts at the last of three services, for each call",
            points: attempts,
        };
        (figures, line)
    });
    Told::new(format!("{how:?}"), run)
}
