//! A chain of five services and one deadline: nothing begins after it, and what was begun in vain is counted.

use std::sync::{Arc, Mutex};

use couplet::context::Context;
use couplet_simulation::{Delay, Host, Load, Simulation};

use crate::{
    Line, MS, SECOND, Told,
    shop::{How, ShopClient, caller, serving},
    told::millis,
};

/// What the services did.
#[derive(Debug, Default)]
struct Work {
    begun: u32,
    /// Begun when there was no time left.
    late: u32,
    /// Pieces that were finished.
    done: u32,
}

/// Each of five services works for 10 ms, more often than not, and then calls the next; users give all of it `budget` ms.
pub fn told(seed: u64, budget: u32) -> Told {
    let run = Simulation::seeded(seed).run(async |world| {
        let work = Arc::new(Mutex::new(Work::default()));
        let mut next = None;
        for name in ["e", "d", "c", "b", "a"] {
            let (work, after) = (Arc::clone(&work), next.replace(name));
            world.host(name, move |host| link(host, after, &work));
        }
        let first = ShopClient::new(world.channel("users", "a"));
        let load = Load::open(40.0).lasting(20 * SECOND);
        let calls = world.drive(load, move || {
            let first = first.clone();
            async move { first.unguarded(()).timeout(budget * MS).await }
        });
        let calls = calls.await;
        tokio::time::sleep(SECOND).await;
        let all = calls.all();
        let work = work.lock().expect("no panic");
        // Of the work that was done, five pieces went into each call that succeeded.
        let good = all.seen().iter().filter(|seen| seen.status.is_none());
        let vain = work
            .done
            .saturating_sub(5 * u32::try_from(good.count()).unwrap_or(u32::MAX));
        let figures = vec![
            ("success", all.success_rate()),
            ("begun", f64::from(work.begun)),
            ("begun too late", f64::from(work.late)),
            (
                "wasted %",
                100.0 * f64::from(vain) / f64::from(work.done.max(1)),
            ),
            ("longest ms", millis(all.longest())),
        ];
        (figures, Line::goodput(&calls))
    });
    Told::new(format!("{budget} ms"), run)
}

/// One service of the chain: it works, and then it calls the one after it.
fn link(host: &Host, after: Option<&str>, work: &Arc<Mutex<Work>>) -> couplet::server::Builder {
    let (cpu, work) = (host.cpu(4), Arc::clone(work));
    let after = after.map(|after| caller(host.channel(after), How::Unguarded));
    serving(move || {
        let (cpu, after, work) = (cpu.clone(), after.clone(), Arc::clone(&work));
        async move {
            begin(&work);
            cpu.work(Delay::long_tailed(10 * MS, 40 * MS)).await;
            work.lock().expect("no panic").done += 1;
            match after {
                Some(after) => after().await,
                None => Ok(()),
            }
        }
    })
}

/// Counts a piece of work that begins, and whether there is still time for it.
fn begin(work: &Mutex<Work>) {
    let now = tokio::time::Instant::now().into_std();
    let deadline = Context::current().deadline;
    let mut work = work.lock().expect("no panic");
    work.begun += 1;
    work.late += u32::from(deadline.has_passed(now));
}
