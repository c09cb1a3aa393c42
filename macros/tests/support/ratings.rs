//! A contract that is a Rust trait, with all four kinds of methods, and a service that answers it.

use couplet::{Request, Response, Status, Streaming};

/// A film that is asked for.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Film {
    /// Its number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
}

/// What somebody thinks of it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Rating {
    /// From 1 to 5.
    #[prost(uint32, tag = "1")]
    pub stars: u32,
}

/// How films are rated.
#[couplet::service(
    package = "ratings.v1",
    version = "1.4.2",
    client_version = REQUIRED,
    accepts = "1.2",
    defaults(timeout = "2s", breaker(minimum_number_of_calls = 50))
)]
pub(crate) trait Ratings {
    /// The mean of all ratings, see [`Rating`].
    #[rpc(
        timeout = "250ms",
        no_side_effects,
        retry(max_attempts = 3, initial_backoff = "1500us", retryable_status_codes = [UNAVAILABLE, ABORTED]),
        breaker(failure_rate_threshold = 62.5, minimum_number_of_calls = 20)
    )]
    async fn mean(&self, request: Request<Film>) -> Result<Response<Rating>, Status>;

    /// Every rating.
    #[rpc(name = "All", idempotent, hedging(hedging_delay = "50ms"))]
    async fn list(
        &self,
        request: couplet::Request<Film>,
    ) -> Result<couplet::Response<couplet::Streaming<Rating>>, couplet::Status>;

    #[rpc(bulkhead(max_concurrent_calls = 8, max_queued = 2))]
    async fn rate(
        &self,
        request: Request<Streaming<Rating>>,
    ) -> std::result::Result<Response<Rating>, Status>;

    async fn discuss(
        &self,
        request: Request<Streaming<Rating>>,
    ) -> Result<Response<Streaming<Rating>>, Status>;

    /// The first rating of all that [`list`](Ratings::list) has.
    #[rpc(
        rate_limit(limit_for_period = 10, limit_refresh_period = "1m"),
        compensated_by = "Forget"
    )]
    async fn first(&self, mut request: Request<Film>) -> Result<Response<Rating>, Status> {
        request.get_mut().id += 1;
        let mut all = self.list(request).await?.into_inner();
        match all.message().await? {
            Some(first) => Ok(Response::new(first)),
            None => return Err(Status::not_found("nobody rated it")),
        }
    }

    /// Nothing to say, nothing to hear.
    #[deprecated(note = "nothing is forgotten")]
    async fn forget(&self, _: Request<()>) -> Result<Response<()>, Status>;
}

/// Rates every film with its own number.
#[derive(Debug)]
pub(crate) struct Honest;

impl Ratings for Honest {
    async fn mean(&self, request: Request<Film>) -> Result<Response<Rating>, Status> {
        let stars = u32::try_from(request.into_inner().id);
        let stars = stars.map_err(|_| Status::out_of_range("no such film"))?;
        Ok(Response::new(Rating { stars }))
    }

    async fn list(&self, request: Request<Film>) -> Result<Response<Streaming<Rating>>, Status> {
        let last = self.mean(request).await?.into_inner().stars;
        let ratings = (1..=last).map(|stars| Rating { stars });
        Ok(Response::new(Streaming::iter(ratings.rev())))
    }

    async fn rate(&self, request: Request<Streaming<Rating>>) -> Result<Response<Rating>, Status> {
        let mut ratings = request.into_inner();
        let mut stars = 0;
        while let Some(rating) = ratings.message().await? {
            stars += rating.stars;
        }
        Ok(Response::new(Rating { stars }))
    }

    async fn discuss(
        &self,
        request: Request<Streaming<Rating>>,
    ) -> Result<Response<Streaming<Rating>>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}
