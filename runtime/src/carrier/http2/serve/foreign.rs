//! Services that speak HTTP themselves: any tonic service, and what HTTP layers make of the dispatch. Their types are
//! forgotten here, and they get what can be given them from outside: a deadline and a net under their panics.

use std::{
    convert::Infallible,
    fmt,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use tokio::time::{Sleep, sleep_until, timeout_at};
use tonic::{Status, body::Body};
use tower_service::Service;

use super::{
    answer::{Answer, expired},
    arrived::refusal,
    dispatch::Mounts,
};
use crate::{
    call::{Deadline, Limit, Phase, headers, status},
    carrier::http2::fault::BoxError,
    clock,
};

/// An HTTP service whose type is forgotten. One box a call.
#[derive(Clone)]
pub(crate) struct Foreign(Arc<dyn Erased>);

/// What answers a request, in the end and always.
pub(crate) type Answering =
    Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

trait Erased: Send + Sync {
    fn answer(&self, request: Request<Body>) -> Answering;
}

// === Foreign ===

impl Foreign {
    /// Forgets the type of `service`. What it fails with becomes a status.
    pub(crate) fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Arc::new(Http(service)))
    }

    /// The routes themselves, for HTTP layers to wrap.
    pub(crate) fn routes(mounts: Mounts) -> Self {
        Self(Arc::new(Own(Arc::new(mounts))))
    }

    /// Answers as the service does.
    pub(crate) fn pass(&self, request: Request<Body>) -> Answering {
        self.0.answer(request)
    }

    /// Answers within the client's deadline, and with INTERNAL where the service panics.
    pub(super) fn answer(
        &self,
        request: Request<Body>,
        now: Instant,
    ) -> impl Future<Output = Response<Answer>> + Send + use<> {
        let deadline = admitted(&request, now);
        let admitted = deadline.map(|deadline| (deadline, caught(self.pass(request))));
        async move {
            let (deadline, answer) = match admitted {
                Ok(admitted) => admitted,
                Err(status) => return unbounded(refusal(&status)),
            };
            let Some(at) = deadline.instant() else {
                return unbounded(answer.await);
            };
            match timeout_at(at.into(), answer).await {
                Ok(response) => response.map(|body| {
                    let timed = Timed::new(body, at, deadline);
                    Answer::foreign(Body::new(timed), deadline)
                }),
                Err(_) => unbounded(refusal(&expired(deadline, Phase::Handler))),
            }
        }
    }
}

fn unbounded(response: Response<Body>) -> Response<Answer> {
    response.map(|body| Answer::foreign(body, Deadline::NEVER))
}

impl fmt::Debug for Foreign {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Foreign")
    }
}

/// The deadline of a request that is not too late.
fn admitted(request: &Request<Body>, now: Instant) -> Result<Deadline, Status> {
    let Some(timeout) = headers::read_timeout(request.headers())? else {
        return Ok(Deadline::NEVER);
    };
    let deadline = Deadline::after(now, timeout, Limit::Call);
    if deadline.has_passed(now) {
        return Err(expired(deadline, Phase::Queue));
    }
    Ok(deadline)
}

async fn caught(mut answer: Answering) -> Response<Body> {
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        polled
            .unwrap_or_else(|_| Poll::Ready(Ok(refusal(&Status::internal("the handler panicked")))))
    })
    .await
    .unwrap_or_else(|never| match never {})
}

// === Own ===

struct Own(Arc<Mounts>);

impl Erased for Own {
    fn answer(&self, request: Request<Body>) -> Answering {
        let mounts = Arc::clone(&self.0);
        Box::pin(async move {
            let peer = request.extensions().get().cloned();
            mounts
                .answer(request, peer)
                .await
                .map(|response| response.map(Body::new))
        })
    }
}

// === Http ===

struct Http<S>(S);

impl<S, B> Erased for Http<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn answer(&self, request: Request<Body>) -> Answering {
        let mut service = self.0.clone();
        Box::pin(async move {
            if let Err(error) = poll_fn(|context| service.poll_ready(context)).await {
                return failed(error.into());
            }
            match service.call(request).await {
                Ok(response) => Ok(response.map(Body::new)),
                Err(error) => failed(error.into()),
            }
        })
    }
}

fn failed(error: BoxError) -> Result<Response<Body>, Infallible> {
    Ok(refusal(&Status::from_error(error)))
}

// === Timed ===

/// A body that ends at a deadline, with trailers that say so.
struct Timed {
    body: Option<Body>,
    at: Instant,
    deadline: Deadline,
    sleep: Pin<Box<Sleep>>,
}

impl Timed {
    fn new(body: Body, at: Instant, deadline: Deadline) -> Self {
        Self {
            body: Some(body),
            at,
            deadline,
            sleep: Box::pin(sleep_until(at.into())),
        }
    }
}

impl http_body::Body for Timed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        // A body that is always ready would never wait for the timer.
        let in_time = clock::now() < self.at;
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        if in_time && let ready @ Poll::Ready(_) = Pin::new(body).poll_frame(context) {
            return ready;
        }
        if self.sleep.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.body = None;
        let trailers = status::write(&expired(self.deadline, Phase::Body));
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.body
            .as_ref()
            .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::default()
    }
}
