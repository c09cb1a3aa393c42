//! A total outage: the only server is gone for a while, in one way or another, and comes back.

use std::sync::Arc;

use couplet::policy::backoff::Backoff;
use couplet_simulation::{Fault, Load, Simulation};

use crate::{
    Line, MS, SECOND, Told,
    shop::{How, caller, working},
    told::{millis, recovery},
};

/// How it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It died.
    Crashed,
    /// Nothing comes back, and nobody says so.
    BlackHole,
    /// Its answers do not come back; calls do arrive.
    Mute,
    /// It fails every call.
    Failing,
}

/// Gone from 5 s to 15 s, of 40.
pub fn told(seed: u64, gone: Gone) -> Told {
    let run = Simulation::seeded(seed).run(async |world| {
        world.host("shop", |host| working(host, 8, 5 * MS));
        let fault = match gone {
            Gone::Crashed => Fault::crash("shop"),
            Gone::BlackHole => Fault::black_hole("shop"),
            Gone::Mute => Fault::one_way("shop", "users"),
            Gone::Failing => Fault::erring("shop", 1.0, couplet::Code::Unavailable),
        };
        world.at(5 * SECOND, fault.lasting(10 * SECOND));
        let backoff = Backoff {
            max: 5 * SECOND,
            ..Backoff::default()
        };
        let channel = world
            .channel_builder("users", "shop")
            .backoff(backoff)
            .lazy()
            .expect("a target");
        let call = caller(channel, How::Plain);
        let load = Load::open(50.0).lasting(35 * SECOND);
        let calls = world.drive(load, move || Arc::clone(&call)()).await;

        let outage = calls.between(5 * SECOND..15 * SECOND);
        let figures = vec![
            (
                "success before",
                calls.between(SECOND..5 * SECOND).success_rate(),
            ),
            ("attempts per call", outage.amplification("shop")),
            ("longest ms", millis(calls.all().longest())),
            ("recovery s", recovery(&calls, 15 * SECOND)),
            (
                "success at the end",
                calls.between(30 * SECOND..35 * SECOND).success_rate(),
            ),
        ];
        (figures, Line::goodput(&calls))
    });
    Told::new(format!("{gone:?}"), run)
}
