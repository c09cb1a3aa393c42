//! Trouble without a plan: faults of every kind at random times, from which everything must come back.

use std::sync::Arc;

use couplet::{
    Code,
    policy::{backoff::Backoff, breaker::State},
};
use couplet_simulation::{Delay, Fault, Load, Simulation};
use fastrand::Rng;

use crate::{
    Line, MS, SECOND, Told,
    shop::{How, breaker, caller, serving, working},
    told::millis,
};

/// Two services, the second behind the first, and ten faults within 20 s that last up to 5 s; then two quiet minutes.
pub fn told(seed: u64) -> Told {
    let run = Simulation::seeded(seed).loss(0.001).run(async |world| {
        world.host("back", |host| {
            working(host, 4, Delay::long_tailed(5 * MS, 50 * MS))
        });
        world.host("front", |host| {
            let call = caller(host.channel("back"), How::Retried);
            serving(move || call())
        });
        let mut random = Rng::with_seed(seed);
        for _ in 0..10 {
            let (at, time) = (random.u32(1_000..20_000) * MS, random.u32(100..5_000) * MS);
            world.at(at, any(&mut random).lasting(time));
        }
        let backoff = Backoff {
            max: 10 * SECOND,
            ..Backoff::default()
        };
        let channel = world.channel_builder("users", "front").backoff(backoff);
        let channel = channel.lazy().expect("a target");
        let call = caller(channel.clone(), How::Plain);
        let load = Load::open(10.0).lasting(150 * SECOND);
        let calls = world.drive(load, move || Arc::clone(&call)()).await;
        let figures = vec![
            ("longest ms", millis(calls.all().longest())),
            (
                "success in trouble",
                calls.between(SECOND..25 * SECOND).success_rate(),
            ),
            (
                "success at the end",
                calls.between(145 * SECOND..150 * SECOND).success_rate(),
            ),
            (
                "breaker is closed",
                f64::from(u8::from(breaker(&channel) == State::Closed)),
            ),
        ];
        (figures, Line::goodput(&calls))
    });
    Told::new(format!("trouble {seed}"), run)
}

fn any(random: &mut Rng) -> Fault {
    let host = if random.bool() { "back" } else { "front" };
    match random.u8(..9) {
        0 => Fault::black_hole(host),
        1 => Fault::one_way("front", "back"),
        2 => Fault::partition("users", "front"),
        3 => Fault::distant(host, Delay::exponential(200 * MS)),
        4 => Fault::lossy(host, 0.2),
        5 => Fault::disconnect(host),
        6 => Fault::crash(host),
        7 => Fault::slow(host, 50.0),
        _ => Fault::erring(host, 0.9, Code::Unavailable),
    }
}
