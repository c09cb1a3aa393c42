//! The simulation itself: it repeats, its network does what networks do, and its hosts what hosts do.

mod faults;
mod load;
mod runs;

use std::time::Duration;

use couplet::{Request, Response, Server, Status, server::Builder};
use couplet_simulation::{Cpu, Host, World};
use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Movies that cost 5 ms each.
struct Catalog(Cpu);

impl Movies for Catalog {
    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        self.0.work(5 * MS).await;
        Ok(Response::new(
            Movie::default().with_id(request.get_ref().id),
        ))
    }
}

/// A host that works on four movies at once.
fn catalog(host: &Host) -> Builder {
    Server::builder().add(MoviesServer::new(Catalog(host.cpu(4))))
}

fn client(world: &World) -> MoviesClient {
    MoviesClient::new(world.channel("web", "movies"))
}

/// One call.
async fn get(movies: MoviesClient) -> Result<Response<Movie>, Status> {
    movies
        .get_movie(GetMovieRequest::default().with_id(7))
        .await
}
