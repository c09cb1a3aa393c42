//! Loads come as they are said to, and figures are what they are called.

use couplet_simulation::{Delay, Load, Promise, Simulation};

use super::*;

#[test]
fn an_open_load_does_not_wait_for_answers_and_a_closed_one_does() {
    Simulation::seeded(5).run(async |world| {
        let slow = || async {
            tokio::time::sleep(SECOND).await;
            Ok(())
        };
        let open = Load::open(100.0).lasting(20 * SECOND);
        let open = world.drive(open, slow).await;
        assert!(
            (1_850..2_150).contains(&open.all().count()),
            "{}",
            open.all().count()
        );

        let even = Load::open(100.0).evenly().lasting(SECOND);
        assert_eq!(world.drive(even, slow).await.all().count(), 99);

        let closed = Load::closed(3)
            .thinking(Delay::fixed(SECOND))
            .lasting(20 * SECOND);
        let closed = world.drive(closed, slow).await;
        assert_eq!(closed.all().count(), 3 * 10);
    });
}

#[test]
fn too_many_calls_for_a_host_wait_for_its_processor() {
    // Four places of 5 ms each are 800 calls a second.
    let p99 = |rate: f64| {
        let run = Simulation::seeded(5).run(async |world| {
            world.host("movies", catalog);
            let movies = client(&world);
            let load = Load::open(rate).lasting(5 * SECOND);
            let calls = world.drive(load, move || get(movies.clone())).await;
            (calls.all().p99(), calls.all().success_rate())
        });
        run.output
    };
    let (calm, success) = p99(300.0);
    assert!(calm < 20 * MS && success == 1.0, "{calm:?} {success}");
    let (crowded, success) = p99(1_000.0);
    assert!(crowded > 200 * MS && success < 0.9, "{crowded:?} {success}");
}

#[test]
fn figures_are_of_the_calls_that_began_in_their_time() {
    Simulation::seeded(5).run(async |world| {
        let clock = world.clone();
        // Well for 3 s, then failing until the sixth, then well.
        let calls = world.drive(Load::open(100.0).evenly(), move || {
            let now = clock.now();
            async move {
                tokio::time::sleep(10 * MS).await;
                let well = now < 3 * SECOND || now >= 6 * SECOND;
                well.then_some(())
                    .ok_or_else(|| Status::unavailable("sick"))
            }
        });
        let calls = calls.await;
        assert_eq!(
            calls.between(Duration::ZERO..3 * SECOND).success_rate(),
            1.0
        );
        let sick = calls.between(3 * SECOND..6 * SECOND);
        assert_eq!(
            (sick.success_rate(), sick.goodput(), sick.count()),
            (0.0, 0.0, 300)
        );
        assert_eq!(sick.codes().into_iter().collect::<Vec<_>>(), [(14, 300)]);
        assert_eq!(calls.between(7 * SECOND..9 * SECOND).goodput(), 100.0);
        assert_eq!(calls.all().p99(), 10 * MS);
        assert_eq!(calls.recovery(4 * SECOND, 0.99), Some(2 * SECOND));
        assert_eq!(calls.recovery(6 * SECOND, 0.99), Some(Duration::ZERO));
        assert_eq!(calls.series(SECOND).count(), 10);
    });
}

#[test]
fn a_promise_that_no_call_puts_to_the_test_is_broken() {
    Simulation::seeded(5).run(async |world| {
        let well = Load::open(100.0).evenly().lasting(SECOND);
        let well = world.drive(well, || async { Ok(()) }).await;
        let promise = Promise::new().success_rate(0.5).p99(SECOND);
        well.all().keeps(&promise).expect("all is well");
        let never = well.between(50 * SECOND..60 * SECOND);
        never.keeps(&promise).expect_err("there are no calls then");

        let down = Load::open(100.0).evenly().lasting(SECOND);
        let down = world.drive(down, || async { Err::<(), _>(Status::unavailable("down")) });
        let quick = Promise::new().p99(SECOND);
        let broken = down.await.all().keeps(&quick);
        assert!(broken.is_err(), "the quickest outage is no success");
    });
}
