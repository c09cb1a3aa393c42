//! A catalogue whose reliability is tested: see `tests/survives.rs`, and docs/reliability.md for what else there is.
//!
//! The service itself knows nothing of simulations. What its work costs is behind [`Store`], which is a database in
//! production and a processor in the tests.

use std::future::Future;

use couplet::{Request, Response, Status};
use movies_api::{GetMovieRequest, Movie, Movies};

/// Where movies are kept.
pub trait Store: Send + Sync + 'static {
    /// The title of a movie, if it is known.
    fn title(&self, id: u64) -> impl Future<Output = Option<String>> + Send;
}

/// The catalogue over some store.
#[derive(Debug)]
pub struct Catalog<S>(pub S);

impl<S: Store> Movies for Catalog<S> {
    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let id = request.get_ref().id;
        let title = self.0.title(id).await;
        let title = title.ok_or_else(|| Status::not_found(format!("no movie {id}")))?;
        Ok(Response::new(
            Movie::default().with_id(id).with_title(title),
        ))
    }
}

/// The page's examples, compiled and run as they stand there.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/reliability.md")]
mod page {}
