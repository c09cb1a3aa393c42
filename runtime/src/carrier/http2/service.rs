//! The connections to a target as an HTTP service, for layers that see requests instead of calls.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use tonic::{Status, body::Body};
use tower_service::Service;

use super::{
    client::WaitsForReady,
    exchange::{Payload, exchange},
    fault::BoxError,
    pool::Pool,
};
use crate::call::{Phase, during};

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

/// Sends HTTP requests to a target: what an HTTP layer is put around.
#[derive(Clone)]
pub struct HttpService {
    send: Arc<dyn Fn(Request<Body>) -> Answer + Send + Sync>,
}

/// Puts one layer around a service.
pub(crate) type HttpLayer = Arc<dyn Fn(HttpService) -> HttpService + Send + Sync>;

// === HttpService ===

impl HttpService {
    /// Forgets the type of `service`.
    pub(crate) fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let send = move |request| -> Answer {
            let mut service = service.clone();
            Box::pin(async move {
                poll_fn(|context| service.poll_ready(context))
                    .await
                    .map_err(Into::into)?;
                let response = service.call(request).await.map_err(Into::into)?;
                Ok(response.map(Body::new))
            })
        };
        Self {
            send: Arc::new(send),
        }
    }

    /// The connections themselves.
    pub(super) fn over(pool: Arc<Pool>) -> Self {
        let send = move |request| -> Answer {
            let pool = Arc::clone(&pool);
            Box::pin(async move { send(&pool, request).await.map_err(Into::into) })
        };
        Self {
            send: Arc::new(send),
        }
    }
}

async fn send(pool: &Arc<Pool>, request: Request<Body>) -> Result<Response<Body>, Status> {
    let patient = request.extensions().get::<WaitsForReady>().is_some();
    let lease = during(Phase::Connect, pool.lease(patient)).await?;
    let (parts, body) = request.into_parts();
    let payload = if body.is_end_stream() {
        Payload::Whole(Bytes::new())
    } else {
        Payload::Pieces(body)
    };
    let response = exchange(lease, Request::from_parts(parts, ()), payload).await?;
    Ok(response.map(Body::new))
}

impl Service<Request<Body>> for HttpService {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        (self.send)(request)
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpService")
            .finish_non_exhaustive()
    }
}
