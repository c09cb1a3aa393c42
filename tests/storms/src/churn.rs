//! Rolling restarts and impatient callers: servers that drain every second, and callers who hang up on their calls.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use couplet_simulation::{Delay, Fault, Load, Simulation};

use crate::{
    Line, MS, SECOND, Told,
    shop::{How, caller, working},
    told::millis,
};

/// Three replicas are drained in turn, one every 300 ms for 10 s of 20; of the callers, every fifth hangs up at once.
pub fn told(seed: u64) -> Told {
    let run = Simulation::seeded(seed).run(async |world| {
        let names = ["one", "two", "three"];
        for name in names {
            world.host(name, |host| working(host, 8, Delay::exponential(10 * MS)));
        }
        for (turn, name) in names.iter().cycle().take(33).enumerate() {
            let turn = u32::try_from(turn).unwrap_or(0);
            world.at(5 * SECOND + 300 * MS * turn, Fault::drain(*name));
        }
        let callers = names.map(|name| caller(world.channel("users", name), How::Plain));
        let turn = AtomicUsize::new(0);
        let load = Load::open(100.0).lasting(20 * SECOND);
        let calls = world.drive(load, move || {
            let turn = turn.fetch_add(1, Relaxed);
            let call = Arc::clone(&callers[turn % 3]);
            async move {
                if turn.is_multiple_of(5) {
                    // Dropped on the way; that it ended is all there is to say of it.
                    let _ = tokio::time::timeout(5 * MS, call()).await;
                    return Ok(());
                }
                call().await
            }
        });
        let calls = calls.await;
        let storm = calls.between(5 * SECOND..15 * SECOND);
        let figures = vec![
            ("success", calls.all().success_rate()),
            (
                "p99 calm ms",
                millis(calls.between(SECOND..5 * SECOND).p99()),
            ),
            ("p99 storm ms", millis(storm.p99())),
        ];
        (
            figures,
            Line::of("99th percentile, ms", &calls, |window| millis(window.p99())),
        )
    });
    Told::new("goaway and hang-ups", run)
}
