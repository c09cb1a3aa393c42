//! The one implementation that there is: it knows the newest contract only.

use std::sync::Mutex;

use couplet::{Request, Response, Status, Streaming};

use crate::v2::{GetMovieRequest, ListMoviesRequest, Movie, Movies, RateRequest};

/// A few films.
#[derive(Debug)]
pub struct Catalog(Mutex<Vec<Movie>>);

impl Default for Catalog {
    fn default() -> Self {
        let movie = |(title, seconds): (&str, u32)| {
            Movie::default().with_title(title).with_seconds(seconds)
        };
        let movies = [
            ("Metropolis", 9_180),
            ("Solaris", 9_990),
            ("Le voyage dans la Lune", 750),
        ];
        Self(Mutex::new(movies.map(movie).into()))
    }
}

impl Catalog {
    fn find<T>(
        &self,
        title: &str,
        then: impl FnOnce(&mut Movie) -> T,
    ) -> Result<Response<T>, Status> {
        let mut movies = self
            .0
            .lock()
            .map_err(|_| Status::internal("a call panicked"))?;
        let found = movies.iter_mut().find(|movie| movie.title == title);
        let missing = || Status::not_found(format!("no film is called `{title}`"));
        Ok(Response::new(then(found.ok_or_else(missing)?)))
    }
}

impl Movies for Catalog {
    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        self.find(&request.get_ref().title, |movie| movie.clone())
    }

    async fn list_movies(
        &self,
        _: Request<ListMoviesRequest>,
    ) -> Result<Response<Streaming<Movie>>, Status> {
        let movies = self
            .0
            .lock()
            .map_err(|_| Status::internal("a call panicked"))?;
        Ok(Response::new(Streaming::iter(movies.clone())))
    }

    async fn rate(&self, request: Request<RateRequest>) -> Result<Response<Movie>, Status> {
        let RateRequest { title, stars, .. } = request.into_inner();
        self.find(&title, |movie| {
            movie.stars = stars;
            movie.clone()
        })
    }
}
