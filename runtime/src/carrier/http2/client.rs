//! The client's end: a call goes out on one of the connections to a target, and comes back as its reply.

use std::{sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, Method, Request, Version, header,
    uri::{self, Authority, PathAndQuery, Scheme, Uri},
};
use tokio::sync::watch;
use tonic::Status;

use super::{
    config::Config,
    dial::Dial,
    encode::Outgoing,
    exchange::{Payload, exchange},
    framing::Framing,
    over::Over,
    pool::Pool,
    reply,
    service::{HttpLayer, HttpService},
    target::Target,
};
use crate::{
    balance::Reach,
    call::{Body, Call, Invoke, Phase, Reply, during},
    clock,
    policy::connectivity::State,
};

/// gRPC over HTTP/2 to one target.
///
/// Connects with the first call, opens further connections while one is busy, and leaves dead ones. What was sent and
/// that no application can have seen comes back marked as such; sending it again is a layer's decision.
#[derive(Debug)]
pub struct Http2 {
    pool: Arc<Pool>,
    origin: Origin,
    settings: Settings,
    /// The way through HTTP layers, if there are any.
    layered: Option<Over<HttpService>>,
}

/// What every request to a target has in common.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    pub(super) user_agent: HeaderValue,
}

/// Says of a request that it waits for a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitsForReady;

/// What holds for the messages of every call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) framing: Framing,
    pub(super) receive_limit: usize,
}

// === Http2 ===

impl Http2 {
    pub(crate) fn new(target: Target, config: Config, layers: &[HttpLayer]) -> Self {
        let origin = Origin {
            scheme: target.scheme.clone(),
            authority: target.authority.clone(),
            user_agent: config.user_agent.clone(),
        };
        let settings = Settings::new(&config);
        let dial = Dial {
            target,
            connector: config.connector,
            timeout: config.connect_timeout,
            keepalive: config.keepalive,
            #[cfg(feature = "tls")]
            tls: config.tls,
        };
        let pool = Pool::new(
            dial,
            config.backoff,
            config.max_connections,
            config.idle_timeout,
        );
        let layered = (!layers.is_empty()).then(|| {
            let wire = HttpService::over(Arc::clone(&pool));
            // The layer put first stands outermost.
            let layered = layers.iter().rev().fold(wire, |inner, put| put(inner));
            Over::with(layered, origin.clone(), settings)
        });
        Self {
            pool,
            origin,
            settings,
            layered,
        }
    }

    /// The state of its connections, and how it changes.
    pub(crate) fn states(&self) -> watch::Receiver<State> {
        self.pool.states()
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// UNAVAILABLE if the server cannot be reached.
    pub(crate) async fn ready(&self) -> Result<(), Status> {
        self.pool.lease(false).await.map(drop)
    }
}

impl Reach for Http2 {
    async fn connect(&self) -> Result<(), Status> {
        self.ready().await
    }

    async fn lost(&self) {
        self.pool.lost().await;
    }

    fn pause(&self) -> Duration {
        self.pool.pause()
    }

    fn leave(&self) {
        self.pool.leave();
    }
}

impl Invoke for Http2 {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        if let Some(layered) = &self.layered {
            return layered.invoke(call).await;
        }
        let (kind, patient) = (call.method.kind, call.wait_for_ready == Some(true));
        let framing = self.settings.framing_of(&mut call);
        let lease = during(Phase::Connect, self.pool.lease(patient)).await?;
        let head = self.origin.head(&mut call)?;
        let payload = match call.body {
            Body::One(message, _) => Payload::Whole(framing.frame(message)?),
            Body::Many(frames) => Payload::Pieces(Outgoing::upload(frames, framing)),
        };
        let response = exchange(lease, head, payload).await?;
        reply::read(kind, response, self.settings.receive_limit).await
    }
}

// === Settings ===

impl Settings {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            framing: Framing {
                encoding: config.encoding,
                limit: config.send_limit,
            },
            receive_limit: config.receive_limit,
        }
    }

    /// How the messages of `call` are framed; written into the call, so that its head says the same.
    pub(super) fn framing_of(&self, call: &mut Call) -> Framing {
        call.encoding = call.encoding.or(self.framing.encoding);
        Framing {
            encoding: call.encoding,
            ..self.framing
        }
    }
}

// === Origin ===

impl Origin {
    /// The head of a call as it is now; takes its metadata.
    pub(super) fn head(&self, call: &mut Call) -> Result<Request<()>, Status> {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_static(call.method.path));
        let uri = Uri::from_parts(parts)
            .map_err(|error| Status::internal(format!("the call has no address: {error}")))?;
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers(call);
        if call.wait_for_ready == Some(true) {
            request.extensions_mut().insert(WaitsForReady);
        }
        Ok(request)
    }

    fn headers(&self, call: &mut Call) -> HeaderMap {
        let mut map = call.write_head(clock::now());
        map.insert(header::USER_AGENT, self.user_agent.clone());
        map
    }
}
