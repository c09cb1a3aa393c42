//! A metastable queue: a server that cannot stop what it began, callers who give up before it is done and try again, and a
//! short trigger that is long gone.

use std::sync::Arc;

use couplet_simulation::{Delay, Fault, Load, Simulation};

pub use crate::shop::How;
use crate::{
    Line, MS, SECOND, Told,
    shop::{caller, serving},
    told::{millis, recovery},
};

/// A server for 400 calls a second gets 300, and is four times slower from 5 s to 8 s, of 30. Callers wait for 1 s.
pub fn told(seed: u64, how: How) -> Told {
    let run = Simulation::seeded(seed).run(async |world| {
        world.host("shop", |host| {
            let cpu = host.cpu(4);
            serving(move || {
                let cpu = cpu.clone();
                async move {
                    cpu.work_to_the_end(Delay::exponential(10 * MS)).await;
                    Ok(())
                }
            })
        });
        world.at(5 * SECOND, Fault::slow("shop", 4.0).lasting(3 * SECOND));
        let call = caller(world.channel("users", "shop"), how);
        let load = Load::open(300.0).lasting(30 * SECOND);
        let calls = world
            .drive(load, move || {
                let call = Arc::clone(&call);
                async move { patiently(&call, how).await }
            })
            .await;
        let after = calls.between(20 * SECOND..30 * SECOND);
        let figures = vec![
            (
                "success before",
                calls.between(SECOND..5 * SECOND).success_rate(),
            ),
            ("goodput 12 s on, 1/s", after.goodput()),
            ("recovery s", recovery(&calls, 8 * SECOND)),
            (
                "attempts per call",
                calls.between(5 * SECOND..15 * SECOND).amplification("shop"),
            ),
            ("longest ms", millis(calls.all().longest())),
        ];
        (figures, Line::goodput(&calls))
    });
    Told::new(format!("{how:?}"), run)
}

/// One call as its callers make it: the naive wait for 1 s and call again, twice.
async fn patiently(call: &crate::shop::Caller, how: How) -> Result<(), couplet::Status> {
    if how != How::Naive {
        return call().await;
    }
    for _ in 0..3 {
        if let Ok(Ok(())) = tokio::time::timeout(SECOND, call()).await {
            return Ok(());
        }
    }
    Err(couplet::Status::deadline_exceeded("three times"))
}
