//! The business logic: a catalogue in memory. Nothing in it knows of versions, deadlines or breakers.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use couplet::{Request, Response, Status, Streaming, client::stream};
use movies_api::{
    CreateMovieRequest, GetMovieRequest, ListMoviesRequest, Movie, MovieEvent, Movies, PosterChunk,
    UpdateMovieRequest, UploadPosterResponse, WatchMoviesRequest,
};
use tokio::sync::broadcast;

/// The number of the movie that takes for ever to find.
pub(crate) const SLOW: u64 = 42;

/// A catalogue of movies, and the switches with which the story makes it sick.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    shelf: Arc<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    movies: Mutex<BTreeMap<u64, Movie>>,
    next: AtomicU64,
    events: broadcast::Sender<MovieEvent>,
    sick: AtomicBool,
    searches: AtomicU64,
    given_up: AtomicU64,
}

impl Catalog {
    pub(crate) fn new() -> Self {
        let shelf = Shelf {
            movies: Mutex::default(),
            next: AtomicU64::new(1),
            events: broadcast::channel(16).0,
            sick: AtomicBool::new(false),
            searches: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        };
        Self {
            shelf: Arc::new(shelf),
        }
    }

    /// From now on every search fails, or none.
    pub(crate) fn make_sick(&self, sick: bool) {
        self.shelf.sick.store(sick, Relaxed);
    }

    /// How many searches have begun.
    pub(crate) fn searches(&self) -> u64 {
        self.shelf.searches.load(Relaxed)
    }

    /// How many searches were dropped before they found anything.
    pub(crate) fn given_up(&self) -> u64 {
        self.shelf.given_up.load(Relaxed)
    }

    fn movies(&self) -> MutexGuard<'_, BTreeMap<u64, Movie>> {
        // A catalogue is as good after a panic as before: every change is one insertion.
        let movies = self.shelf.movies.lock();
        movies.unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, movie: Movie, what: &str) -> Movie {
        self.movies().insert(movie.id, movie.clone());
        let event = MovieEvent::default()
            .with_movie(movie.clone())
            .with_what(what);
        // Nobody may be watching.
        let _ = self.shelf.events.send(event);
        movie
    }

    /// Looks for ever; notes when it is told to stop.
    async fn search_for_ever(&self) {
        struct Noted<'a>(&'a AtomicU64);
        impl Drop for Noted<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Relaxed);
            }
        }
        let _noted = Noted(&self.shelf.given_up);
        tokio::time::sleep(Duration::MAX).await;
    }
}

impl Movies for Catalog {
    async fn create_movie(
        &self,
        request: Request<CreateMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let movie = given(request.into_inner().movie)?;
        let id = self.shelf.next.fetch_add(1, Relaxed);
        Ok(Response::new(self.put(movie.with_id(id), "created")))
    }

    async fn update_movie(
        &self,
        request: Request<UpdateMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let movie = given(request.into_inner().movie)?;
        if !self.movies().contains_key(&movie.id) {
            return Err(missing(movie.id));
        }
        Ok(Response::new(self.put(movie, "updated")))
    }

    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let id = request.into_inner().id;
        self.shelf.searches.fetch_add(1, Relaxed);
        if self.shelf.sick.load(Relaxed) {
            return Err(Status::internal("the shelf fell over"));
        }
        if id == SLOW {
            self.search_for_ever().await;
        }
        let found = self.movies().get(&id).cloned();
        found.map(Response::new).ok_or_else(|| missing(id))
    }

    async fn list_movies(
        &self,
        request: Request<ListMoviesRequest>,
    ) -> Result<Response<Streaming<Movie>>, Status> {
        let genre = request.into_inner().genre;
        let movies = self.movies().values().cloned().collect::<Vec<_>>();
        let chosen = movies
            .into_iter()
            .filter(move |movie| genre == 0 || movie.genre == genre);
        Ok(Response::new(Streaming::iter(chosen)))
    }

    async fn upload_poster(
        &self,
        request: Request<Streaming<PosterChunk>>,
    ) -> Result<Response<UploadPosterResponse>, Status> {
        let mut chunks = request.into_inner();
        let (mut size, mut count) = (0, 0);
        while let Some(chunk) = chunks.message().await? {
            size += chunk.data.len() as u64;
            count += 1;
        }
        let answer = UploadPosterResponse::default()
            .with_size(size)
            .with_chunks(count);
        Ok(Response::new(answer))
    }

    async fn watch_movies(
        &self,
        request: Request<Streaming<WatchMoviesRequest>>,
    ) -> Result<Response<Streaming<MovieEvent>>, Status> {
        let mut wishes = request.into_inner();
        let mut events = self.shelf.events.subscribe();
        let (sender, answer) = stream::channel(4);
        couplet::context::spawn(async move {
            let mut watched = Vec::new();
            loop {
                tokio::select! {
                    wish = wishes.message() => match wish {
                        Ok(Some(wish)) => watched.push(wish.id),
                        // Whoever stops naming movies has seen enough.
                        Ok(None) | Err(_) => return,
                    },
                    event = events.recv() => {
                        let Ok(event) = event else { continue };
                        let named = event.movie.as_ref().is_some_and(|movie| watched.contains(&movie.id));
                        if named && sender.send(event).await.is_err() {
                            return;
                        }
                    }
                }
            }
        });
        Ok(Response::new(answer))
    }
}

fn given(movie: Option<Movie>) -> Result<Movie, Status> {
    movie.ok_or_else(|| Status::invalid_argument("`movie` is missing"))
}

fn missing(id: u64) -> Status {
    Status::not_found(format!("there is no movie {id}"))
}
