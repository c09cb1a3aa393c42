//! A service that writes down which calls it has accepted and which of them it has finished, for stories in which servers
//! come and go.

use std::{
    collections::BTreeMap,
    fs, io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use couplet::{Request, Response, Status, Streaming, client::stream, metadata::MetadataMap};
use movies_api::{
    CreateMovieRequest, GetMovieRequest, ListMoviesRequest, Movie, MovieEvent, Movies, PosterChunk,
    UploadPosterResponse, WatchMoviesRequest,
};
use tokio::time::sleep;

/// The metadata in which a call says its number.
pub const NUMBER: &str = "number";

/// How often each call was accepted and finished, by its number. Clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<BTreeMap<u64, Entry>>>);

/// What happened to the call of one number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entry {
    /// How often a handler began with it.
    pub accepted: u32,
    /// How often one came to its end.
    pub finished: u32,
}

/// An accepted call.
struct Accepted {
    ledger: Ledger,
    number: u64,
}

/// How long a call takes, and each piece of a stream.
const WORK: Duration = Duration::from_millis(20);
/// The movies of a list.
const MOVIES: u64 = 5;

// === Ledger ===

impl Ledger {
    /// All that happened.
    pub fn entries(&self) -> BTreeMap<u64, Entry> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Writes all of it to a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let lines: String = self
            .entries()
            .iter()
            .map(|(number, entry)| format!("{number} {} {}\n", entry.accepted, entry.finished))
            .collect();
        fs::write(path, lines)
    }

    /// What another program has [written](Self::write).
    ///
    /// # Panics
    /// If there is no such file, or something else in it.
    pub fn read(path: &Path) -> BTreeMap<u64, Entry> {
        let text = fs::read_to_string(path).expect("a ledger");
        let line = |line: &str| {
            let numbers: Vec<u64> = line
                .split(' ')
                .map(|number| number.parse().expect("a number"))
                .collect();
            let small = |index: usize| u32::try_from(numbers[index]).expect("a small number");
            let entry = Entry {
                accepted: small(1),
                finished: small(2),
            };
            (numbers[0], entry)
        };
        text.lines().map(line).collect()
    }

    fn accept(&self, metadata: &MetadataMap) -> Result<Accepted, Status> {
        let said = metadata
            .get(NUMBER)
            .and_then(|said| said.to_str().ok()?.parse().ok());
        let number = said.ok_or_else(|| Status::invalid_argument("the call has no number"))?;
        self.note(number, |entry| entry.accepted += 1);
        Ok(Accepted {
            ledger: self.clone(),
            number,
        })
    }

    fn note(&self, number: u64, what: impl FnOnce(&mut Entry)) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        what(entries.entry(number).or_default());
    }
}

impl Accepted {
    fn finish(self) {
        self.ledger.note(self.number, |entry| entry.finished += 1);
    }
}

impl Movies for Ledger {
    async fn create_movie(
        &self,
        request: Request<CreateMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let accepted = self.accept(request.metadata())?;
        sleep(WORK).await;
        accepted.finish();
        Ok(Response::new(Movie::default()))
    }

    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let accepted = self.accept(request.metadata())?;
        accepted.finish();
        Ok(Response::new(
            Movie::default().with_id(request.get_ref().id),
        ))
    }

    async fn list_movies(
        &self,
        request: Request<ListMoviesRequest>,
    ) -> Result<Response<Streaming<Movie>>, Status> {
        let accepted = self.accept(request.metadata())?;
        let (movies, answer) = stream::channel(1);
        tokio::spawn(async move {
            for id in 0..MOVIES {
                sleep(WORK).await;
                if movies.send(Movie::default().with_id(id)).await.is_err() {
                    return;
                }
            }
            accepted.finish();
        });
        Ok(Response::new(answer))
    }

    async fn upload_poster(
        &self,
        request: Request<Streaming<PosterChunk>>,
    ) -> Result<Response<UploadPosterResponse>, Status> {
        let accepted = self.accept(request.metadata())?;
        let mut pieces = request.into_inner();
        let mut answer = UploadPosterResponse::default();
        while let Some(piece) = pieces.message().await? {
            answer.chunks += 1;
            answer.size += piece.data.len() as u64;
        }
        accepted.finish();
        Ok(Response::new(answer))
    }

    async fn watch_movies(
        &self,
        request: Request<Streaming<WatchMoviesRequest>>,
    ) -> Result<Response<Streaming<MovieEvent>>, Status> {
        drop(request);
        Err(Status::unimplemented("nobody watches here"))
    }
}
