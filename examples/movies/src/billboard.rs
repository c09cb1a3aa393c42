//! A service that calls another one. Its code says nothing of deadlines, and hands them on all the same.

use couplet::{Request, Response, Status};
use movies_api::{Billboard, GetMovieRequest, Movie, MoviesClient, TonightRequest};

/// Finds tonight's movie in the catalogue.
#[derive(Debug)]
pub(crate) struct Cinema {
    movies: MoviesClient,
}

impl Cinema {
    pub(crate) fn new(movies: MoviesClient) -> Self {
        Self { movies }
    }
}

impl Billboard for Cinema {
    async fn tonight(&self, request: Request<TonightRequest>) -> Result<Response<Movie>, Status> {
        let wanted = GetMovieRequest::default().with_id(request.into_inner().id);
        self.movies.get_movie(wanted).await
    }
}
