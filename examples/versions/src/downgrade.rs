//! The old contract, served by converting to whatever serves the new one: two conversions, and a line for each method.

use std::sync::Arc;

use couplet::{Request, Response, Status, Streaming, downgrade};

use crate::{v1, v2};

/// Answers clients of version 1 with an implementation of version 2.
#[derive(Debug)]
pub struct Downgrade<T>(pub Arc<T>);

impl<T: v2::Movies> v1::Movies for Downgrade<T> {
    async fn get_movie(
        &self,
        request: Request<v1::GetMovieRequest>,
    ) -> Result<Response<v1::Movie>, Status> {
        downgrade::unary(
            request,
            named,
            |request| self.0.get_movie(request),
            in_minutes,
        )
        .await
    }

    async fn list_movies(
        &self,
        request: Request<v1::ListMoviesRequest>,
    ) -> Result<Response<Streaming<v1::Movie>>, Status> {
        let all = |_| Ok(v2::ListMoviesRequest::default());
        downgrade::server_streaming(
            request,
            all,
            |request| self.0.list_movies(request),
            in_minutes,
        )
        .await
    }
}

fn named(old: v1::GetMovieRequest) -> Result<v2::GetMovieRequest, Status> {
    Ok(v2::GetMovieRequest::default().with_title(old.title))
}

/// Version 1 counts whole minutes.
fn in_minutes(new: v2::Movie) -> Result<v1::Movie, Status> {
    let minutes = new.seconds.div_ceil(60);
    Ok(v1::Movie::default()
        .with_title(new.title)
        .with_minutes(minutes))
}
