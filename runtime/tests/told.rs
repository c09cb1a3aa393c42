//! What is logged of versions: alone in its program, because what is logged is decided for all threads together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use couplet::{Channel, Request, Response, Status, carrier::local::Local};
use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::set_default,
};

struct Catalog;

impl Movies for Catalog {
    async fn get_movie(&self, _: Request<GetMovieRequest>) -> Result<Response<Movie>, Status> {
        Ok(Response::new(Movie::default()))
    }
}

/// Counts what is told of versions.
struct Told(Arc<AtomicUsize>);

impl Subscriber for Told {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().contains("version")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn each_end_tells_of_a_version_when_it_meets_it_first() {
    let told = Arc::default();
    let _guard = set_default(Told(Arc::clone(&told)));
    let server = MoviesServer::new(Catalog);
    let movies = MoviesClient::new(Channel::local(Local::new().with(server.clone())));
    for _ in 0..3 {
        movies.get_movie(GetMovieRequest::default()).await.unwrap();
    }
    assert_eq!(told.load(Relaxed), 2);

    // The shell that was served keeps the counts, and so does the client's stack.
    for seen in [
        &server.counts().version.seen,
        &movies.stack().counts().version.seen,
    ] {
        let [sight] = &seen.all()[..] else {
            panic!("{seen:?}");
        };
        assert_eq!(sight.calls, 3);
        assert_eq!(sight.version.as_ref().unwrap().to_string(), "1.4.2");
    }
}
