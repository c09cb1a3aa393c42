//! A run comes of its seed, ends when it must, and says how to repeat it.

use std::panic::catch_unwind;

use couplet_simulation::{Delay, Fault, Load, Run, Simulation};

use super::*;

/// Whatever has chance in it: arrivals, work, hops, losses, errors, backoff, breakers.
fn eventful(seed: u64) -> Run<usize> {
    let latency = Delay::long_tailed(2 * MS, 40 * MS);
    Simulation::seeded(seed)
        .latency(latency)
        .loss(0.01)
        .run(async |world| {
            world.host("movies", catalog);
            world.at(
                2 * SECOND,
                Fault::erring("movies", 0.4, couplet::Code::Unavailable).lasting(SECOND),
            );
            world.at(4 * SECOND, Fault::crash("movies").lasting(SECOND));
            world.at(7 * SECOND, Fault::black_hole("movies").lasting(SECOND));
            world.at(9 * SECOND, Fault::drain("movies"));
            let movies = client(&world);
            let load = Load::open(80.0).lasting(12 * SECOND);
            let calls = world.drive(load, move || get(movies.clone())).await;
            calls.all().count()
        })
}

#[test]
fn a_seed_gives_the_same_run_to_the_byte_and_another_seed_another_one() {
    let (one, same, other) = (eventful(1), eventful(1), eventful(2));
    assert_eq!(one, same);
    assert_ne!(one.digest, other.digest);
    assert!(one.output > 800 && one.events > 3_000, "{one:?}");
}

#[test]
fn chance_outside_of_the_run_changes_nothing_in_it_nor_the_reverse() {
    fastrand::seed(99);
    let (first, before) = (eventful(1), fastrand::get_seed());
    fastrand::u64(..);
    assert_eq!(eventful(1), first);
    fastrand::seed(99);
    assert_eq!(fastrand::get_seed(), before);
}

fn said(run: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = catch_unwind(run).expect_err("it fails");
    panic
        .downcast_ref::<String>()
        .cloned()
        .expect("a panic with a message")
}

#[test]
fn a_failed_run_says_when_it_failed_and_how_to_repeat_it() {
    let said = said(|| {
        let simulation = Simulation::seeded(41).replay("SEED={seed} cargo test story");
        simulation.run(async |world| {
            world.host("movies", catalog);
            let calls = world.drive(Load::open(50.0), || async {
                Err::<(), _>(Status::internal("no"))
            });
            let promise = couplet_simulation::Promise::new()
                .success_rate(0.5)
                .goodput(1.0);
            calls.await.all().must_keep(&promise);
        });
    });
    for part in [
        "success_rate is 0.0000, must be at least 0.5",
        "goodput is 0.0/s, must be at least 1.0/s",
        "of a simulation with seed 41; to repeat it: SEED=41 cargo test story",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_run_that_hangs_is_given_up_after_its_own_time() {
    let said = said(|| {
        Simulation::seeded(1).run(async |_| std::future::pending::<()>().await);
    });
    assert!(said.contains("it is not over after 86400s"), "{said}");
    assert!(
        said.contains("Simulation::seeded(1)"),
        "without a command, the line of code: {said}"
    );
}

#[test]
fn a_fault_at_a_host_that_there_is_not_names_those_there_are() {
    let said = said(|| {
        Simulation::seeded(1).run(async |world| {
            world.host("movies", catalog);
            world.at(SECOND, Fault::crash("movie"));
        });
    });
    assert!(
        said.contains("there is no host `movie`; there are: movies"),
        "{said}"
    );
}

#[test]
fn a_panic_in_a_call_is_the_runs_own() {
    let said = said(|| {
        Simulation::seeded(3).run(async |world| {
            world
                .drive(Load::open(50.0), || async {
                    assert_eq!(1, 2, "told by the caller");
                    Ok(())
                })
                .await;
        });
    });
    assert!(
        said.contains("told by the caller") && said.contains("seed 3"),
        "{said}"
    );
}
