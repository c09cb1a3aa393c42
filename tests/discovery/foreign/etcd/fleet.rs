//! Servers that make themselves known, and a client that knows their service alone.

use std::time::Duration;

use couplet::{Request, Response, Server, Status, discovery::resolver, server::Drained};
use couplet_tests::etcd;
use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};
use tokio::{sync::oneshot, task::JoinHandle};

use super::Told;
use crate::suite::until;

struct Catalog;

impl Movies for Catalog {
    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let movie = Movie::default().with_id(request.get_ref().id);
        Ok(Response::new(movie))
    }
}

/// A server that is known to `registry`, until it is told to leave.
async fn join(
    registry: &str,
) -> Result<(oneshot::Sender<()>, JoinHandle<Drained>), Box<dyn std::error::Error>> {
    let server = Server::builder()
        .add(MoviesServer::new(Catalog))
        .register(registry)
        .drain_delay(Duration::from_millis(200));
    let server = server.bind("127.0.0.1:0").await?;
    let (leave, left) = oneshot::channel();
    let running = server.run_until(async {
        let _ = left.await;
    });
    Ok((leave, tokio::spawn(running)))
}

async fn so_many(target: &str, many: usize) {
    let resolver = resolver(target).unwrap().expect("a name");
    let mut watch = resolver.watch();
    until(&mut watch, |seen| {
        seen.is_fresh() && seen.endpoints.len() == many
    })
    .await;
}

async fn call(movies: &MoviesClient, times: u64) -> Told {
    for id in 0..times {
        let movie = movies
            .get_movie(GetMovieRequest::default().with_id(id))
            .await?;
        assert_eq!(movie.get_ref().id, id);
    }
    Ok(())
}

#[tokio::test]
async fn no_call_is_lost_while_servers_leave_and_while_etcd_is_away() -> Told {
    let mut server = etcd::Etcd::start("fleet");
    let registry = format!("etcd://127.0.0.1:{}", server.port);
    let target = format!("{registry}/movies.v1.Movies");
    let (first_leaves, first) = join(&registry).await?;
    let (second_leaves, second) = join(&registry).await?;
    so_many(&target, 2).await;
    let movies = MoviesClient::connect(&target).await?;
    call(&movies, 50).await?;

    let _ = first_leaves.send(());
    while !first.is_finished() {
        call(&movies, 10).await?;
    }
    so_many(&target, 1).await;
    call(&movies, 50).await?;

    // Calls need no registry.
    server.stop();
    call(&movies, 50).await?;
    server.start_again();
    call(&movies, 50).await?;
    let _ = second_leaves.send(());
    let _ = second.await?;
    Ok(())
}
