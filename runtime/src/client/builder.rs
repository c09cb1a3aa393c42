//! The settings of a channel, with what holds where nothing is set.

use std::{fmt, future::Future, io, path::PathBuf, sync::Arc, time::Duration};

use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_layer::Layer;

use super::{Channel, ConnectError, balancing::Own, ways::Ways};
use crate::{
    call::{Encoding, Invoke, Room, Shared},
    carrier::{
        Link,
        http2::{Connector, HttpService, Keepalive},
        local::Local,
    },
    config::{Origin, ServiceConfig, live::Live, sources::Sources},
    discovery::{self, Resolver},
    layer::fallback::Fallback,
    policy::{backoff::Backoff, balance::Balancing},
    stack::{ClientPlace, ClientSettings},
};

/// Settings for a [`Channel`]. Every one has a default.
#[must_use = "a channel comes of `connect` or `lazy`"]
pub struct Builder {
    reach: Reach,
    stack: ClientSettings,
    sources: Vec<(Origin, ServiceConfig)>,
    file: Option<PathBuf>,
    ways: Ways,
    own: Own,
    user_agent: Option<String>,
}

/// What a channel reaches.
#[derive(Debug)]
pub(super) enum Reach {
    /// A target, not yet read.
    Target(String),
    /// What this resolves to.
    Resolver(Arc<dyn Resolver>),
    /// Services of this process.
    Local(Local),
}

impl Reach {
    /// What it is called where calls are shown.
    fn name(&self) -> Option<Arc<str>> {
        match self {
            Self::Target(target) => Some(target.as_str().into()),
            Self::Resolver(resolver) => Some(resolver.target().into()),
            Self::Local(_) => None,
        }
    }

    /// The same, where a target that is a name stands for what it resolves to.
    fn resolved(self) -> Result<Self, ConnectError> {
        let Self::Target(target) = self else {
            return Ok(self);
        };
        Ok(match discovery::resolver(&target)? {
            Some(resolver) => Self::Resolver(resolver),
            None => Self::Target(target),
        })
    }
}

impl From<Arc<dyn Resolver>> for Reach {
    fn from(resolver: Arc<dyn Resolver>) -> Self {
        Self::Resolver(resolver)
    }
}

impl From<String> for Reach {
    fn from(target: String) -> Self {
        Self::Target(target)
    }
}

impl From<Local> for Reach {
    fn from(services: Local) -> Self {
        Self::Local(services)
    }
}

impl Builder {
    pub(super) fn new(reach: impl Into<Reach>) -> Self {
        Self {
            reach: reach.into(),
            stack: ClientSettings::default(),
            sources: Vec::new(),
            file: None,
            ways: Ways::default(),
            own: Own::default(),
            user_agent: None,
        }
    }

    /// What a service config says, over the contracts: gRPC's JSON, read by [`ServiceConfig::from_json`].
    pub fn service_config(mut self, config: ServiceConfig) -> Self {
        self.sources.push((Origin::ServiceConfig(None), config));
        self
    }

    /// The same from a file, in the place of [`service_config`](Self::service_config). The file is looked at every second,
    /// and what it says holds from the next call on; breakers, limits and the throttle keep what they have counted.
    ///
    /// A file that was replaced is noticed, and so is a link that leads elsewhere, as where Kubernetes mounts a
    /// ConfigMap. One that is broken or gone changes nothing: that is told with `tracing::warn!`, and counted.
    pub fn service_config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// What code says: over contracts, service configs and what is pushed at run time. A call can still be given less
    /// time.
    pub fn policies(mut self, config: ServiceConfig) -> Self {
        self.sources.push((Origin::Code, config));
        self
    }

    /// How the endpoint of each call is chosen, where the target is a name; a [`Strategy`](crate::policy::balance::Strategy)
    /// alone is enough. Counts more than any service config.
    pub fn balancing(mut self, balancing: impl Into<Balancing>) -> Self {
        self.own.balancing = Some(balancing.into());
        self
    }

    /// The zone that this client is in, such as `eu-1a`: endpoints of it are preferred. Not known, where nothing is said.
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.own.zone = zone.into();
        self
    }

    /// How long one attempt to connect may take, handshakes included; 20 s. A call's own deadline ends its wait earlier.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.ways.config.connect_timeout = timeout;
        self
    }

    /// Asks `dial` for every connection, in place of the system: for tunnels, proxies, and tests that need no socket. The
    /// target still says what is called, in which scheme; what comes of `dial` is encrypted if that is `https`.
    ///
    /// It is the counterpart of a server's [`incoming`](crate::server::Builder::incoming).
    ///
    /// ```
    /// use tokio::io::{DuplexStream, duplex};
    /// use tokio::sync::mpsc::unbounded_channel;
    ///
    /// // A server takes the other ends from `incoming`.
    /// let (outgoing, incoming) = unbounded_channel::<std::io::Result<DuplexStream>>();
    /// let channel = couplet::Channel::builder("http://movies:80")
    ///     .dial(move || {
    ///         let (ours, theirs) = duplex(64 << 10);
    ///         let taken = outgoing.send(Ok(theirs));
    ///         async move { taken.map(|()| ours).map_err(|_| std::io::ErrorKind::ConnectionRefused.into()) }
    ///     })
    ///     .lazy();
    /// # drop(incoming); assert!(channel.is_ok());
    /// ```
    pub fn dial<D, F, S>(mut self, dial: D) -> Self
    where
        D: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.ways.config.connector = Some(Connector::new(dial));
        self
    }

    /// The pauses between attempts to connect; gRPC's, from 1 s to 120 s.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.ways.config.backoff = backoff;
        self
    }

    /// The most connections at once; 4. Further ones are opened only while all others are busy, and
    /// left again while the calls would fit on half of the others.
    pub fn max_connections(mut self, most: usize) -> Self {
        self.ways.config.max_connections = most;
        self
    }

    /// How long there is no call before the channel closes its connections and is idle; 30 minutes. The next call connects
    /// again. `Duration::MAX` keeps them for ever.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.ways.config.idle_timeout = (timeout < Duration::MAX).then_some(timeout);
        self
    }

    /// Tries a connection with a ping; off, because servers may end connections that ping more often than they allow
    /// (gRPC's own every 5 minutes at most where nothing else is set).
    pub fn keepalive(mut self, keepalive: Keepalive) -> Self {
        self.ways.config.keepalive = Some(keepalive);
        self
    }

    /// The largest message that is received, in bytes, decompressed; 4 MiB. A larger one ends its call with
    /// RESOURCE_EXHAUSTED.
    pub fn receive_limit(mut self, bytes: usize) -> Self {
        self.ways.config.receive_limit = bytes;
        self
    }

    /// The largest message that is sent, in bytes as it goes over the wire; none. A larger one ends its call with
    /// RESOURCE_EXHAUSTED.
    pub fn send_limit(mut self, bytes: usize) -> Self {
        self.ways.config.send_limit = bytes;
        self
    }

    /// Compresses messages where a call does not say otherwise; off.
    pub fn send_compressed(mut self, encoding: Encoding) -> Self {
        self.ways.config.encoding = Some(encoding);
        self
    }

    /// What this program calls itself to servers; `couplet/` and its version.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Puts an HTTP layer below the carrier, such as one of tower-http. The one put first sees a request first.
    ///
    /// It sees heads, bodies and trailers as they go over the wire, and costs a few boxes a call. Where a [`Call`] is
    /// enough to know, a layer in the client's stack is cheaper.
    ///
    /// [`Call`]: crate::call::Call
    pub fn http_layer<L, S, B>(mut self, layer: L) -> Self
    where
        L: Layer<HttpService, Service = S> + Send + Sync + 'static,
        S: tower_service::Service<http::Request<tonic::body::Body>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send,
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let put = move |inner| HttpService::new(layer.layer(inner));
        self.ways.layers.push(Arc::new(put));
        self
    }

    /// Puts a layer of your own at `place` in the stack of every service; what is put there first sees a call first.
    ///
    /// A `tower::Layer` over [`Call`]s fits in by [`FromTower`](crate::layer::tower::FromTower).
    ///
    /// [`Call`]: crate::call::Call
    pub fn layer<L>(mut self, place: ClientPlace, layer: L) -> Self
    where
        L: Layer<Shared> + Send + Sync + 'static,
        L::Service: Invoke + 'static,
    {
        self.stack.layers.put(place, layer);
        self
    }

    /// Answers in the place of a peer that did not: a [`Fallback`], or another implementation of the contract, such as
    /// `MoviesServer::new(Stale)`, whose methods answer; those that it leaves out have none. Of several that are for one
    /// method, the first counts.
    pub fn fallback(mut self, fallback: impl Into<Fallback>) -> Self {
        self.stack.fallbacks.push(Arc::new(fallback.into()));
        self
    }

    /// How often any call is sent at most, the first time included, whatever its policy says; 5, as gRPC has it.
    pub fn attempts_cap(mut self, most: u32) -> Self {
        self.stack.repeats().attempts_cap = most;
        self
    }

    /// How many bytes are kept of one call, and of all calls of the channel, for the case that they are sent again; 1 MiB
    /// and 16 MiB. What does not fit is sent once.
    pub fn retry_buffers(mut self, call: usize, channel: usize) -> Self {
        self.stack.repeats().room = Arc::new(Room::new(call, channel));
        self
    }

    /// What is done to calls on purpose, method by method, once the gate is open; nothing. See
    /// [`layer::fault`](crate::layer::fault).
    #[cfg(feature = "faults")]
    pub fn faults(mut self, rules: crate::stack::FaultRules) -> Self {
        self.stack.faults = rules;
        self
    }

    /// The certificates for `https`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: super::ClientTls) -> Self {
        self.ways.tls = Some(tls);
        self
    }

    /// The channel, with its first connection up.
    ///
    /// # Errors
    /// If the settings make no sense or the server cannot be reached.
    pub async fn connect(self) -> Result<Channel, ConnectError> {
        let channel = self.lazy()?;
        let unreachable = |status| ConnectError::Unreachable(Box::new(status));
        channel.link().ready().await.map_err(unreachable)?;
        Ok(channel)
    }

    /// The channel; it connects with its first call.
    ///
    /// # Errors
    /// If the settings make no sense, or if the file with the service config cannot be read.
    pub fn lazy(mut self) -> Result<Channel, ConnectError> {
        if let Some(name) = self.user_agent {
            let Ok(value) = HeaderValue::try_from(&name) else {
                return Err(ConnectError::UserAgent(name));
            };
            self.ways.config.user_agent = value;
        }
        self.own.idle_timeout = self.ways.config.idle_timeout;
        if let Some(balancing) = &self.own.balancing {
            balancing.validate()?;
        }
        self.stack.name = self.reach.name();
        let reach = self.reach.resolved()?;
        let sources = match reach {
            Reach::Resolver(_) => Sources::of_many(),
            Reach::Target(_) | Reach::Local(_) => Sources::default(),
        };
        let live = Live::starting::<ConnectError>(sources, self.sources, self.file)?;
        let link = match reach {
            Reach::Local(services) => Link::Local(services),
            Reach::Resolver(resolver) => self.own.put(self.ways.balanced(resolver), &live),
            Reach::Target(target) => {
                let way = self.ways.open(&target);
                Link::Http2(way.map_err(ConnectError::of_channel)?)
            }
        };
        Ok(Channel::new(link, self.stack, live))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Builder")
            .field("reach", &self.reach)
            .field("stack", &self.stack)
            .field("ways", &self.ways)
            .finish_non_exhaustive()
    }
}
