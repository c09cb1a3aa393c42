//! A call over any HTTP service that speaks gRPC: layered connections, a channel of tonic, an axum router in a test.

use std::{
    future::poll_fn,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use http::{
    HeaderValue, Request,
    uri::{Authority, Scheme},
};
use http_body_util::BodyExt;
use tonic::{Status, body::Body, client::GrpcService};

use super::{
    client::{Origin, Settings},
    config::Config,
    encode::Outgoing,
    fault::{self, BoxError, Side},
    reply,
};
use crate::call::{self, Call, Invoke, Phase, Reply, during};

/// Calls over an HTTP service of somebody else, which is cloned for each.
///
/// Connections, and calls that never left, are that service's affair. Requests are addressed to `http://localhost`: a
/// service that goes elsewhere, as tonic's channel does, writes its own address over it.
#[derive(Debug, Clone)]
pub struct Over<S> {
    service: S,
    origin: Origin,
    settings: Settings,
}

impl<S> Over<S> {
    /// Calls over `service`, with the default limits.
    pub fn new(service: S) -> Self {
        let config = Config::default();
        Self {
            service,
            origin: Origin {
                scheme: Scheme::HTTP,
                authority: Authority::from_static("localhost"),
                user_agent: HeaderValue::clone(&config.user_agent),
            },
            settings: Settings::new(&config),
        }
    }

    pub(super) fn with(service: S, origin: Origin, settings: Settings) -> Self {
        Self {
            service,
            origin,
            settings,
        }
    }
}

impl<S> Invoke for Over<S>
where
    S: GrpcService<Body> + Clone + Send + Sync,
    S::Future: Send,
    S::Error: Into<BoxError>,
    S::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<BoxError>,
{
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        let kind = call.method.kind;
        let framing = self.settings.framing_of(&mut call);
        let mut service = self.service.clone();
        during(
            Phase::Connect,
            poll_fn(|context| service.poll_ready(context)),
        )
        .await
        .map_err(|error| fault::status(error.into(), Side::Calling))?;
        let head = self.origin.head(&mut call)?;
        // A failed upload is its caller's to hear of, and not what the transport makes of it.
        let failure = Arc::<OnceLock<Status>>::default();
        let own = |status| failure.get().cloned().unwrap_or(status);
        let body = match call.body {
            call::Body::One(message, _) => Body::new(Outgoing::whole(framing.frame(message)?)),
            call::Body::Many(frames) => {
                let failure = Arc::clone(&failure);
                let body = Outgoing::upload(frames, framing);
                Body::new(body.map_err(move |status| failure.get_or_init(|| status).clone()))
            }
        };
        let request = Request::from_parts(head.into_parts().0, body);
        let response = during(Phase::Headers, service.call(request))
            .await
            .map_err(|error| own(fault::status(error.into(), Side::Calling)))?;
        reply::read(kind, response, self.settings.receive_limit)
            .await
            .map_err(own)
    }
}
