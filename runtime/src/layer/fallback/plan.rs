//! Which calls have a fallback, for which failures, and how much of it there may be.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use prost::Message as Protobuf;
use tokio::sync::Semaphore;
use tonic::{Code, Request, Response, Status};

use super::answers::{Answers, Source};
use crate::call::{CodeSet, Idempotency, Invoke, Kind, Mark, Method, Service, share};

/// Answers in the place of a peer that did not.
///
/// A fallback is for calls with one request. It answers where a call ended with UNAVAILABLE, DEADLINE_EXCEEDED,
/// RESOURCE_EXHAUSTED, INTERNAL, UNKNOWN or DATA_LOSS ([`on`](Self::on)), or was refused by a policy of this client; at
/// most 10 of its answers are made at a time ([`max_concurrent`](Self::max_concurrent)), and each may take a second
/// ([`within`](Self::within)) on top of what the call took. If it fails too, the caller gets the first failure.
///
/// ```
/// use couplet::{Channel, Fallback, Request, Response, Status, carrier::local::Local};
/// use movies_api::{GetMovieRequest, Movie, MoviesClient};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Status> {
/// let unknown = Fallback::closure(
///     "movies.v1.Movies/GetMovie",
///     |request: Request<GetMovieRequest>, _failed: Status| async move {
///         Ok(Response::new(Movie::default().with_id(request.get_ref().id)))
///     },
/// );
/// // Nothing is served here, so every call fails with UNIMPLEMENTED.
/// let channel = Channel::local_builder(Local::new())
///     .fallback(unknown.on([couplet::Code::Unimplemented]))
///     .lazy()?;
/// let movie = MoviesClient::new(channel).get_movie(GetMovieRequest::default().with_id(7)).await?;
/// assert_eq!(movie.get_ref().id, 7);
/// assert_eq!(movie.metadata().get("x-fallback").unwrap(), "12");
/// # Ok(()) }
/// ```
pub struct Fallback {
    of: Of,
    source: Source,
    on: CodeSet,
    pub(super) places: Semaphore,
    pub(super) within: Duration,
}

/// What a fallback is for.
#[derive(Debug)]
enum Of {
    /// All methods of a service.
    Service(&'static str),
    /// One method, as `package.Service/Method`.
    Method(String),
}

/// A method's fallback.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) fallback: Arc<Fallback>,
    pub(super) answers: Answers,
}

/// What is answered for where nothing else is said: what breakers take for failures.
const USUAL: CodeSet = CodeSet::of(&[
    Code::Unavailable,
    Code::DeadlineExceeded,
    Code::ResourceExhausted,
    Code::Internal,
    Code::Unknown,
    Code::DataLoss,
]);

// === Fallback ===

impl Fallback {
    /// Another implementation of the contract, such as `MoviesServer::new(Stale)`: its methods answer, and those that it
    /// leaves out have no fallback. What failed is in the extensions of its requests, as [`Fell`](super::Fell).
    pub(crate) fn service(
        service: &'static Service,
        implementation: impl Invoke + 'static,
    ) -> Self {
        Self::new(
            Of::Service(service.name),
            Source::Invoke(share(implementation)),
        )
    }

    /// What `answer` makes of the request and of what failed, for the method at `path`, such as
    /// `movies.v1.Movies/GetMovie`. Its types must be the method's: messages of other types are read as if they were.
    pub fn closure<Q, A, F>(
        path: impl Into<String>,
        answer: impl Fn(Request<Q>, Status) -> F + Send + Sync + 'static,
    ) -> Self
    where
        Q: Protobuf + Default,
        A: Protobuf,
        F: Future<Output = Result<Response<A>, Status>> + Send + 'static,
    {
        Self::new(Of::Method(path.into()), Source::closure(answer))
    }

    /// Always `answer`, for the method at `path`, such as `movies.v1.Movies/GetMovie`.
    pub fn value<A: Protobuf + Clone + 'static>(path: impl Into<String>, answer: A) -> Self {
        Self::closure(path, move |_: Request<()>, _| {
            std::future::ready(Ok(Response::new(answer.clone())))
        })
    }

    /// The last good answer to the same request, if it is no older than `max_age`, for the method at `path`. Keeps 1,000
    /// answers of up to 64 KiB each, the request counted in.
    ///
    /// Only for unary methods without side effects: to others it does nothing, and says so in the log. The same request is
    /// one with the same message and the same metadata, of which the names of W3C trace context and `x-request-id` do not
    /// count, so that what one caller may see is not shown to another. That holds for what a call says when it is made: where
    /// layers further in, such as one at [`ClientPlace::Attempt`](crate::stack::ClientPlace), add the credentials of different
    /// callers, answers must not be kept.
    pub fn last_good(path: impl Into<String>, max_age: Duration) -> Self {
        Self::new(Of::Method(path.into()), Source::LastGood(max_age))
    }

    /// Answers where a call ended with one of `codes`, and where a policy of this client refused it.
    #[must_use]
    pub fn on(mut self, codes: impl IntoIterator<Item = Code>) -> Self {
        self.on = codes.into_iter().collect();
        self
    }

    /// How many of its answers are made at a time; 10. Where there is no place, the caller gets the failure.
    #[must_use]
    pub fn max_concurrent(mut self, most: u32) -> Self {
        self.places = Semaphore::new(most.min(1 << 20) as usize);
        self
    }

    /// How long an answer may take, on top of what the call took; 1 s.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    fn new(of: Of, source: Source) -> Self {
        Self {
            of,
            source,
            on: USUAL,
            places: Semaphore::new(10),
            within: Duration::from_secs(1),
        }
    }

    /// Whether it answers in the place of `failed`.
    pub(super) fn stands_in_for(&self, failed: &Status) -> bool {
        self.on.contains(failed.code()) || Mark::of(failed) == Some(Mark::Refused)
    }

    /// What this is to `method`, if it is for it.
    pub(super) fn row(self: &Arc<Self>, method: &'static Method) -> Option<Row> {
        let meant = match &self.of {
            Of::Service(name) => method.service.name == *name,
            Of::Method(path) => method.path.trim_start_matches('/') == path.trim_start_matches('/'),
        };
        if !meant || !self.fits(method) {
            return None;
        }
        Some(Row {
            fallback: Arc::clone(self),
            answers: Answers::new(&self.source),
        })
    }

    fn fits(&self, method: &Method) -> bool {
        let safe = method.kind == Kind::Unary && method.idempotency == Idempotency::NoSideEffects;
        if matches!(self.source, Source::LastGood(_)) && !safe {
            let path = method.path;
            tracing::error!(
                path,
                "the last good answer is no fallback here: the method is not unary, or has side effects"
            );
            return false;
        }
        true
    }
}

impl fmt::Debug for Fallback {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Fallback")
            .field("of", &self.of)
            .field("on", &self.on)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}
