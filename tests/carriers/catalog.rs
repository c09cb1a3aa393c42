//! A catalogue that does what a test asks for, told by the number of the movie.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use couplet::{
    Request, Response, Status, Streaming, Trailing, client::stream, context::Context,
    metadata::MetadataValue,
};
use movies_api::{
    CreateMovieRequest, GetMovieRequest, ListMoviesRequest, Movie, MovieEvent, Movies, PosterChunk,
    UploadPosterResponse, WatchMoviesRequest,
};

/// Takes for ever.
pub(crate) const ENDLESS: u64 = 1;
/// Panics.
pub(crate) const BROKEN: u64 = 2;
/// Fails with details and metadata.
pub(crate) const MISSING: u64 = 3;

/// The catalogue, and how many of its endless searches are under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    pub(crate) searching: Arc<AtomicU32>,
}

struct Counted(Arc<AtomicU32>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Movies for Catalog {
    async fn create_movie(
        &self,
        request: Request<CreateMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let mut response = Response::new(request.get_ref().movie.clone().unwrap_or_default());
        // Whatever the caller sent comes back to it.
        *response.metadata_mut() = request.metadata().clone();
        let mut trailing = Trailing::default();
        trailing
            .0
            .insert("x-after", MetadataValue::from_static("the end"));
        let peer = Context::current().peer.and_then(|peer| peer.address);
        if let Some(Ok(address)) = peer.map(|address| address.ip().to_string().parse()) {
            trailing.0.insert("x-peer", address);
        }
        response.extensions_mut().insert(trailing);
        Ok(response)
    }

    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let id = request.into_inner().id;
        match id {
            ENDLESS => {
                self.searching.fetch_add(1, SeqCst);
                let _counted = Counted(Arc::clone(&self.searching));
                std::future::pending::<()>().await;
            }
            BROKEN => panic!("as asked"),
            MISSING => {
                let mut status = Status::with_details(
                    couplet::Code::NotFound,
                    "no movie 3 ☹",
                    vec![0, 255].into(),
                );
                status
                    .metadata_mut()
                    .insert("x-shelf", MetadataValue::from_static("7"));
                return Err(status);
            }
            _ => {}
        }
        Ok(Response::new(Movie::default().with_id(id)))
    }

    async fn list_movies(
        &self,
        request: Request<ListMoviesRequest>,
    ) -> Result<Response<Streaming<Movie>>, Status> {
        drop(request);
        let movies = (0..100).map(|id| Movie::default().with_id(id));
        Ok(Response::new(Streaming::iter(movies)))
    }

    async fn upload_poster(
        &self,
        request: Request<Streaming<PosterChunk>>,
    ) -> Result<Response<UploadPosterResponse>, Status> {
        let (mut chunks, mut size) = (request.into_inner(), 0);
        while let Some(chunk) = chunks.message().await? {
            size += chunk.data.len() as u64;
        }
        Ok(Response::new(
            UploadPosterResponse::default().with_size(size),
        ))
    }

    async fn watch_movies(
        &self,
        request: Request<Streaming<WatchMoviesRequest>>,
    ) -> Result<Response<Streaming<MovieEvent>>, Status> {
        let mut wishes = request.into_inner();
        let (events, answer) = stream::channel(1);
        tokio::spawn(async move {
            while let Ok(Some(wish)) = wishes.message().await {
                let movie = Movie::default().with_id(wish.id);
                if events
                    .send(MovieEvent::default().with_movie(movie))
                    .await
                    .is_err()
                {
                    return;
                }
            }
        });
        Ok(Response::new(answer))
    }
}
