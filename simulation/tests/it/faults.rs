//! What goes wrong goes wrong as it does out there.

use couplet::{Code, client::Keepalive, policy::backoff::Backoff};
use couplet_simulation::{Fault, Simulation};
use tokio::time::Instant;

use super::*;

/// A client that connects again at once.
fn hasty(world: &World) -> MoviesClient {
    let backoff = Backoff {
        initial: MS,
        max: MS,
        ..Backoff::default()
    };
    let built = world
        .channel_builder("web", "movies")
        .backoff(backoff)
        .lazy();
    MoviesClient::new(built.expect("a target"))
}

async fn code(movies: &MoviesClient) -> Code {
    let answer = get(movies.clone()).await;
    answer.err().map_or(Code::Ok, |status| status.code())
}

#[test]
fn a_call_takes_its_hops_and_its_work() {
    Simulation::seeded(1).latency(10 * MS).run(async |world| {
        world.host("movies", catalog);
        let movies = client(&world);
        assert_eq!(code(&movies).await, Code::Ok);
        let begun = Instant::now();
        assert_eq!(code(&movies).await, Code::Ok);
        assert_eq!(begun.elapsed(), 25 * MS);
        world.at(world.now(), Fault::slow("movies", 3.0).lasting(SECOND));
        world.at(
            world.now(),
            Fault::distant("movies", 20 * MS).lasting(SECOND),
        );
        tokio::time::sleep(MS).await;
        let begun = Instant::now();
        assert_eq!(code(&movies).await, Code::Ok);
        assert_eq!(begun.elapsed(), 75 * MS);
    });
}

#[test]
fn a_crashed_host_resets_its_calls_refuses_others_and_comes_back_without_its_state() {
    Simulation::seeded(1).run(async |world| {
        let starts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = starts.clone();
        world.host("movies", move |host| {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            catalog(host)
        });
        let movies = hasty(&world);
        assert_eq!(code(&movies).await, Code::Ok);
        world.at(SECOND, Fault::crash("movies").lasting(SECOND));
        world.until(SECOND - 2 * MS).await;
        let status = get(movies.clone()).await.expect_err("it is cut");
        assert_eq!(status.code(), Code::Unavailable);
        world.until(SECOND + 100 * MS).await;
        let status = get(movies.clone()).await.expect_err("it is refused");
        assert!(status.message().contains("refused"), "{status}");
        world.until(2 * SECOND + MS).await;
        assert_eq!(code(&movies).await, Code::Ok);
        assert_eq!(starts.load(std::sync::atomic::Ordering::Relaxed), 2);
    });
}

#[test]
fn a_black_hole_tells_nobody_and_what_was_sent_into_it_arrives_when_tcp_tries_again() {
    Simulation::seeded(1).run(async |world| {
        world.host("movies", catalog);
        let movies = client(&world);
        assert_eq!(code(&movies).await, Code::Ok);
        world.at(SECOND, Fault::black_hole("movies").lasting(SECOND));
        world.until(SECOND + MS).await;
        let begun = Instant::now();
        // 200 + 400 ms later it is tried in vain, and 800 ms after that in time.
        let answer = movies
            .get_movie(GetMovieRequest::default())
            .timeout(250 * MS)
            .await;
        assert_eq!(answer.expect_err("a hole").code(), Code::DeadlineExceeded);
        assert_eq!(begun.elapsed(), 250 * MS);
        assert_eq!(world.attempts("movies", SECOND, 2 * SECOND), 0);
        world.until(3 * SECOND).await;
        assert_eq!(world.attempts("movies", 2 * SECOND, 3 * SECOND), 1);
        assert_eq!(code(&movies).await, Code::Ok);
    });
}

#[test]
fn a_partition_of_one_way_lets_calls_arrive_whose_answers_do_not() {
    Simulation::seeded(1).run(async |world| {
        world.host("movies", catalog);
        let movies = client(&world);
        assert_eq!(code(&movies).await, Code::Ok);
        world.at(SECOND, Fault::one_way("movies", "web").lasting(SECOND));
        world.until(SECOND + MS).await;
        assert_eq!(code(&movies).await, Code::DeadlineExceeded);
        assert_eq!(world.attempts("movies", SECOND, 2 * SECOND), 1);
        // Who else calls is not concerned.
        let other = MoviesClient::new(world.channel("phone", "movies"));
        assert_eq!(code(&other).await, Code::Ok);
    });
}

#[test]
fn nobody_connects_through_a_hole_until_it_is_over() {
    Simulation::seeded(1).run(async |world| {
        world.host("movies", catalog);
        world.at(
            Duration::ZERO,
            Fault::partition("web", "movies").lasting(2 * SECOND),
        );
        world.until(MS).await;
        let movies = client(&world);
        assert_eq!(code(&movies).await, Code::DeadlineExceeded);
        // The first packet of a connection is sent again after 1 s, and 2 s after that.
        world.until(3 * SECOND + 20 * MS).await;
        assert_eq!(code(&movies).await, Code::Ok);
        assert!(world.now() < 3 * SECOND + 40 * MS);
    });
}

#[test]
fn a_drained_host_loses_no_call() {
    Simulation::seeded(1).run(async |world| {
        world.host("movies", catalog);
        for second in 1..5 {
            world.at(second * SECOND, Fault::drain("movies"));
        }
        let movies = client(&world);
        let load = couplet_simulation::Load::open(200.0).lasting(6 * SECOND);
        let calls = world.drive(load, move || get(movies.clone())).await;
        let promise = couplet_simulation::Promise::new()
            .success_rate(1.0)
            .amplification("movies", 1.0)
            .p99(30 * MS);
        calls.all().must_keep(&promise);
    });
}

#[test]
fn an_erring_host_fails_its_share_and_a_lossy_one_is_late() {
    Simulation::seeded(1).run(async |world| {
        world.host("movies", catalog);
        let movies = client(&world);
        let second = Code::PermissionDenied;
        world.at(
            SECOND,
            Fault::erring("movies", 0.25, second).lasting(10 * SECOND),
        );
        world.at(20 * SECOND, Fault::lossy("movies", 0.1));
        let load = couplet_simulation::Load::open(100.0).lasting(30 * SECOND);
        let calls = world.drive(load, move || get(movies.clone())).await;
        let erring = calls.between(SECOND..11 * SECOND).success_rate();
        assert!((0.7..0.8).contains(&erring), "{erring}");
        assert!(calls.between(12 * SECOND..20 * SECOND).p99() < 30 * MS);
        assert!(calls.between(20 * SECOND..30 * SECOND).p99() > 200 * MS);
    });
}

#[test]
fn a_dead_connection_is_found_out_by_a_keepalive() {
    Simulation::seeded(1).run(async |world| {
        world.host("movies", catalog);
        let keepalive = Keepalive {
            interval: SECOND,
            timeout: SECOND,
            while_idle: true,
        };
        let channel = world
            .channel_builder("web", "movies")
            .keepalive(keepalive)
            .lazy();
        let movies = MoviesClient::new(channel.expect("a target"));
        assert_eq!(code(&movies).await, Code::Ok);
        world.at(SECOND, Fault::disconnect("movies"));
        world.at(3 * SECOND, Fault::black_hole("movies").lasting(60 * SECOND));
        world.until(2 * SECOND).await;
        assert_eq!(code(&movies).await, Code::Ok);
        world.until(6 * SECOND).await;
        // The old connection is left; no new one comes up.
        let status = get(movies.clone()).await.expect_err("a hole");
        assert!(status.message().contains("connect"), "{status}");
    });
}

#[test]
fn a_clock_that_jumps_by_hours_wedges_nothing() {
    let months = Simulation::seeded(1).limit(2_400 * 3600 * SECOND);
    months.run(async |world| {
        world.host("movies", catalog);
        let movies = client(&world);
        for hours in [1, 7, 49, 24 * 60] {
            let jump = world.clone();
            let jumping = tokio::spawn(async move {
                tokio::time::sleep(2 * MS).await;
                jump.jump(hours * 3600 * SECOND).await;
            });
            // It is under way when hours pass at once.
            let cut = code(&movies).await;
            assert!([Code::DeadlineExceeded, Code::Ok].contains(&cut), "{cut:?}");
            jumping.await.expect("a jump");
            tokio::time::sleep(30 * SECOND).await;
            assert_eq!(code(&movies).await, Code::Ok, "{hours} hours later");
        }
    });
}
