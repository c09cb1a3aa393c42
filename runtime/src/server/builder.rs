//! What a server serves: contracts, any tonic service, health and reflection, behind whatever HTTP layers.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    io,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_core::Stream;
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::{body::Body as AnyBody, server::NamedService};
use tower_layer::Layer;
use tower_service::Service as HttpService;

#[cfg(feature = "tls")]
use super::ServerTls;
use super::{
    Address, Drained, ServeError, Server,
    extras::Extras,
    lifetime::Lifetime,
    listener::{Boxed, Listener},
    registering::Registering,
};
use crate::{
    call::{Invoke, Shared},
    carrier::http2::fault::BoxError,
    carrier::http2::serve::{self, Dispatch, Foreign, Messages, Mounts, Routes, Settings},
    config::{Origin, ServiceConfig, live::Live, sources::Sources},
    layer::limit::{adaptive::Shedding, rate::Limit},
    stack::{Mount, Mounted, ServerPlace, ServerSettings, VersionedError},
};

/// Builds a [`Server`]. Every bound has a default; see the methods that set them.
#[must_use = "does nothing until it is served or bound"]
pub struct Builder {
    added: Vec<Added>,
    /// What was added, once its layers are around it.
    pub(super) contracts: Vec<Mounted>,
    stack: ServerSettings,
    sources: Vec<(Origin, ServiceConfig)>,
    file: Option<PathBuf>,
    pub(super) foreign: Vec<(&'static str, Foreign)>,
    #[cfg(feature = "health")]
    pub(super) health: bool,
    #[cfg(feature = "reflection")]
    pub(super) reflection: bool,
    #[cfg(feature = "reflection")]
    pub(super) descriptors: Vec<&'static [u8]>,
    pub(super) settings: Settings,
    pub(super) messages: Messages,
    pub(super) max_connections: usize,
    pub(super) drain: Duration,
    pub(super) registering: Registering,
    pub(super) lifetime: Lifetime,
    layers: Vec<Wrap>,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
}

/// The routes of a server as an HTTP service: what an HTTP layer wraps.
#[derive(Debug, Clone)]
pub struct Routed(Foreign);

type Added = Box<dyn FnOnce(&ServerSettings) -> Result<Mounted, VersionedError> + Send>;

// === Builder ===

impl Default for Builder {
    fn default() -> Self {
        Self {
            added: Vec::new(),
            contracts: Vec::new(),
            stack: ServerSettings::default(),
            sources: Vec::new(),
            file: None,
            foreign: Vec::new(),
            #[cfg(feature = "health")]
            health: false,
            #[cfg(feature = "reflection")]
            reflection: false,
            #[cfg(feature = "reflection")]
            descriptors: Vec::new(),
            settings: Settings::default(),
            messages: Messages::default(),
            max_connections: 1024,
            drain: Duration::from_secs(25),
            registering: Registering::default(),
            lifetime: Lifetime::default(),
            layers: Vec::new(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

impl Builder {
    /// Serves a contract, or several releases of one by [`Versioned`](crate::Versioned), inside the server's layers:
    /// deadlines, versions, panics. Releases that do not go together are an error of [`bind`](Self::bind).
    #[expect(
        clippy::should_implement_trait,
        reason = "nobody takes a server for a number"
    )]
    pub fn add(mut self, service: impl Mount + Send + 'static) -> Self {
        self.added.push(Box::new(|stack| service.mount(stack)));
        self
    }

    /// What a service config says of the calls that are served: limits, and in builds with feature `faults` faults. The
    /// rest of it is for clients. What a contract says of limits is for clients too: each holds itself to them.
    pub fn service_config(mut self, config: ServiceConfig) -> Self {
        self.sources.push((Origin::ServiceConfig(None), config));
        self
    }

    /// The same from a file, which is looked at every second, as by
    /// [`Channel`](crate::client::Builder::service_config_file).
    pub fn service_config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// What code says, over the service config.
    pub fn policies(mut self, config: ServiceConfig) -> Self {
        self.sources.push((Origin::Code, config));
        self
    }

    /// Bounds how many calls begin in a time, of all methods without a limit of their own together; by caller, if
    /// [`Limit::each`] made it.
    pub fn rate_limit(mut self, limit: Limit) -> Self {
        self.stack.limits.rate = Some(Arc::new(limit));
        self
    }

    /// Lets the server find out how many calls at once it can bear, of all methods without a limit of their own together,
    /// and refuse what is more.
    pub fn adaptive_limit(mut self, shedding: Shedding) -> Self {
        self.stack.limits.adaptive = Some(Arc::new(shedding));
        self
    }

    /// Puts a layer of your own at `place` in the stack around every contract; what is put there first sees a call first.
    /// Health, reflection and tonic's services pass none.
    ///
    /// A `tower::Layer` over [`Call`](crate::call::Call)s fits in by [`FromTower`](crate::layer::tower::FromTower).
    pub fn layer<L>(mut self, place: ServerPlace, layer: L) -> Self
    where
        L: Layer<Shared> + Send + Sync + 'static,
        L::Service: Invoke + 'static,
    {
        self.stack.layers.put(place, layer);
        self
    }

    /// What is done to calls on purpose, method by method, once the gate is open; nothing. See
    /// [`layer::fault`](crate::layer::fault).
    #[cfg(feature = "faults")]
    pub fn faults(mut self, rules: crate::stack::FaultRules) -> Self {
        self.stack.faults = rules;
        self
    }

    /// Serves any tonic service. It gets the client's deadline and a net under its panics; versions are not its business.
    pub fn add_tonic<S>(mut self, service: S) -> Self
    where
        S: HttpService<Request<AnyBody>, Response = Response<AnyBody>, Error = Infallible>,
        S: NamedService + Clone + Send + Sync + 'static,
        S::Future: Send,
    {
        self.foreign.push((S::NAME, Foreign::new(service)));
        self
    }

    /// Serves `grpc.health.v1.Health`: every service of this server is SERVING until the server drains.
    #[cfg(feature = "health")]
    pub fn health(mut self) -> Self {
        self.health = true;
        self
    }

    /// Serves reflection, v1 and v1alpha, from the descriptors of the contracts and of
    /// [`describe`](Self::describe).
    #[cfg(feature = "reflection")]
    pub fn reflection(mut self) -> Self {
        self.reflection = true;
        self
    }

    /// Describes services that are no contracts to reflection, as an encoded `FileDescriptorSet` with its imports.
    #[cfg(feature = "reflection")]
    pub fn describe(mut self, descriptors: &'static [u8]) -> Self {
        self.descriptors.push(descriptors);
        self
    }

    /// Puts an HTTP layer around all services. The layer added last sees a request first. Its errors become statuses.
    ///
    /// It costs a call three boxes; a layer of a client's or a server's stack costs none.
    pub fn http_layer<L, B>(mut self, layer: L) -> Self
    where
        L: Layer<Routed> + Send + 'static,
        L::Service: HttpService<Request<AnyBody>, Response = Response<B>>,
        L::Service: Clone + Send + Sync + 'static,
        <L::Service as HttpService<Request<AnyBody>>>::Error: Into<BoxError>,
        <L::Service as HttpService<Request<AnyBody>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let wrap = move |inner| Foreign::new(layer.layer(Routed(inner)));
        self.layers.push(Box::new(wrap));
        self
    }

    /// Speaks TLS only.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Listens at `address` and serves for as long as the returned future is polled.
    ///
    /// # Errors
    /// If it cannot listen there, or if the services do not fit together.
    pub async fn serve(self, address: impl Into<Address>) -> Result<(), ServeError> {
        let _ = self.bind(address).await?.run().await;
        Ok(())
    }

    /// Listens at `address` and serves until `shutdown` completes, then drains.
    ///
    /// # Errors
    /// As [`serve`](Self::serve).
    pub async fn serve_with_shutdown(
        self,
        address: impl Into<Address>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<Drained, ServeError> {
        Ok(self.bind(address).await?.run_until(shutdown).await)
    }

    /// Listens at `address`. Connections wait until the server runs.
    ///
    /// # Errors
    /// As [`serve`](Self::serve).
    pub async fn bind(self, address: impl Into<Address>) -> Result<Server, ServeError> {
        let address = address.into();
        match Listener::bind(&address).await {
            Ok(listener) => self.over(listener),
            Err(source) => Err(ServeError::Bind { address, source }),
        }
    }

    /// Serves the connections of `stream`, such as one end of a [`tokio::io::duplex`]. The server ends with the stream.
    ///
    /// # Errors
    /// If the services do not fit together.
    pub fn incoming<S, IO>(self, stream: S) -> Result<Server, ServeError>
    where
        S: Stream<Item = io::Result<IO>> + Send + Unpin + 'static,
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.over(Listener::Stream(Box::pin(Boxed(stream))))
    }

    /// Puts the layers around the contracts, which follow the configuration from then on.
    fn mount(&mut self) -> Result<Arc<Live>, ServeError> {
        let sources = std::mem::take(&mut self.sources);
        let live = Live::starting::<ServeError>(Sources::of_server(), sources, self.file.take())?;
        let live = Arc::new(live);
        live.watch();
        self.stack.live = Some(Arc::clone(&live));
        for add in std::mem::take(&mut self.added) {
            self.contracts.push(add(&self.stack)?);
        }
        Ok(live)
    }

    fn over(mut self, listener: Listener) -> Result<Server, ServeError> {
        let live = self.mount()?;
        let mut routes = Routes::default();
        let extras = Extras::add_to(&mut self)?;
        let mut counts = Vec::new();
        let announcement = self
            .registering
            .announcement(listener.bound(), &self.contracts)?;
        for mounted in self.contracts {
            routes.add(mounted.service, mounted.routes)?;
            counts.push((mounted.service.name, mounted.counts));
        }
        for (name, foreign) in self.foreign {
            routes.add_foreign(name, foreign)?;
        }
        let mounts = Mounts {
            routes,
            messages: self.messages,
        };
        let admin = self.lifetime.admin()?;
        Ok(Server {
            listener,
            admin,
            lifetime: self.lifetime,
            live,
            counts,
            shared: Arc::new(serve::Shared {
                dispatch: dispatch(mounts, self.layers),
                settings: self.settings,
            }),
            extras,
            max_connections: self.max_connections,
            drain: self.drain,
            announcement,
            #[cfg(feature = "tls")]
            tls: self.tls,
        })
    }
}

type Wrap = Box<dyn FnOnce(Foreign) -> Foreign + Send>;

/// Where calls go, through the HTTP layers if there are any.
fn dispatch(mounts: Mounts, layers: Vec<Wrap>) -> Dispatch {
    if layers.is_empty() {
        return Dispatch::Routes(mounts);
    }
    let routed = Foreign::routes(mounts);
    let layers = layers.into_iter();
    Dispatch::Layers(layers.fold(routed, |inner, wrap: Wrap| wrap(inner)))
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let foreign = self.foreign.iter().map(|(name, _)| *name);
        formatter
            .debug_struct("Builder")
            .field("contracts", &self.added.len())
            .field("foreign", &foreign.collect::<Vec<_>>())
            .field("stack", &self.stack)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

// === Routed ===

impl HttpService<Request<AnyBody>> for Routed {
    type Response = Response<AnyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<AnyBody>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<AnyBody>) -> Self::Future {
        self.0.pass(request)
    }
}
