//! What this service promises its callers, held against what goes wrong out there.
//!
//! A failed run prints its seed: `SEED=… cargo test -p reliability` repeats it.

use std::time::Duration;

use couplet::{Server, server::Builder};
use couplet_simulation::{Calls, Cpu, Delay, Fault, Host, Load, Promise, Simulation, World};
use movies_api::{GetMovieRequest, MoviesClient, MoviesServer};
use reliability::{Catalog, Store};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A database, as far as time goes: most answers are quick, and some are not.
struct Database(Cpu);

impl Store for Database {
    async fn title(&self, id: u64) -> Option<String> {
        self.0.work(Delay::long_tailed(4 * MS, 30 * MS)).await;
        Some(format!("Film {id}"))
    }
}

fn catalog(host: &Host) -> Builder {
    Server::builder().add(MoviesServer::new(Catalog(Database(host.cpu(8)))))
}

fn simulation() -> Simulation {
    let seed = std::env::var("SEED").ok();
    let seed = seed.map_or(7, |seed| seed.parse().expect("SEED is a number"));
    Simulation::seeded(seed).replay("SEED={seed} cargo test -p reliability")
}

/// A hundred calls a second for half a minute.
async fn thirty_seconds(world: &World) -> Calls {
    let movies = MoviesClient::new(world.channel("web", "movies"));
    let load = Load::open(100.0).lasting(30 * SECOND);
    let calls = world.drive(load, move || {
        let movies = movies.clone();
        async move {
            movies
                .get_movie(GetMovieRequest::default().with_id(7))
                .await
        }
    });
    calls.await
}

/// What holds while nothing is wrong.
fn fine() -> Promise {
    Promise::new()
        .success_rate(0.999)
        .p99(60 * MS)
        .amplification("movies", 1.05)
}

#[test]
fn a_deployment_costs_no_call() {
    simulation().run(async |world| {
        world.host("movies", catalog);
        for time in [5, 10, 15, 20] {
            world.at(time * SECOND, Fault::drain("movies"));
        }
        thirty_seconds(&world).await.all().must_keep(&fine());
    });
}

#[test]
fn an_outage_is_over_soon_after_it_is_over() {
    simulation().run(async |world| {
        world.host("movies", catalog);
        world.at(10 * SECOND, Fault::black_hole("movies").lasting(5 * SECOND));
        let calls = thirty_seconds(&world).await;

        calls.between(SECOND..10 * SECOND).must_keep(&fine());
        // The contract gives a call 250 ms; nobody waits longer, and a timer may be 1 ms late.
        calls.all().must_keep(&Promise::new().longest(251 * MS));
        let recovery = calls.recovery(15 * SECOND, 0.99).expect("it recovers");
        assert!(recovery <= 5 * SECOND, "{recovery:?}");
        calls.between(20 * SECOND..30 * SECOND).must_keep(&fine());
    });
}

#[test]
fn a_sick_database_is_left_in_peace() {
    simulation().run(async |world| {
        world.host("movies", catalog);
        world.at(
            10 * SECOND,
            Fault::slow("movies", 200.0).lasting(10 * SECOND),
        );
        let calls = thirty_seconds(&world).await;

        let sick = Promise::new().amplification("movies", 0.5);
        calls.between(11 * SECOND..20 * SECOND).must_keep(&sick);
        calls.between(25 * SECOND..30 * SECOND).must_keep(&fine());
    });
}
