//! `couplet://host:port/service`: a registry that any couplet server can serve, in its memory.
//!
//! It is for one machine and for tests: there is one of it, and when it is away nobody can join or be found who was not known. What
//! clients know stands meanwhile, and when it is back, those who are registered are known again within a third of their lease. Use etcd
//! or Kubernetes where that is not enough.

mod keep;
mod serve;
mod table;
mod view;

/// What the registry's contract becomes.
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::too_many_lines,
    reason = "it is generated as for a crate of its own"
)]
mod api {
    /// Nobody asks for it: reflection leaves the registry out.
    const FILE_DESCRIPTOR_SET: &[u8] = &[];

    include!("golden/couplet.registry.v1.rs");
}

use std::time::Duration;

pub(crate) use self::{api::RegistryServer, serve::Embedded};
use super::{
    Endpoint, Registering, Registration, Registry, RegistryError, Resolver, Watch,
    resolver::watched, scheme::Fault,
};
use crate::{
    client::{Channel, ConnectError, Keepalive},
    policy::backoff::Backoff,
};

/// How long an endpoint stands whose server is gone, where nothing else is set.
const LEASE: Duration = Duration::from_secs(10);

/// A silent registry is found out within this time.
const KEEPALIVE: Keepalive = Keepalive {
    interval: Duration::from_secs(10),
    timeout: Duration::from_secs(5),
    while_idle: false,
};

/// The pauses after the registry was away.
const PAUSES: Backoff = Backoff {
    initial: Duration::from_millis(100),
    multiplier: 1.6,
    max: Duration::from_secs(2),
    jitter: 0.3,
};

/// The registry that a couplet server serves ([`Builder::registry`](crate::server::Builder::registry)), from outside.
#[derive(Debug, Clone)]
pub struct Central {
    channel: Channel,
    /// For people.
    place: String,
    service: String,
    lease: Duration,
}

// === Central ===

impl Central {
    /// The registry at `host:port`, in the clear.
    ///
    /// # Errors
    /// If that is no place to connect to.
    pub fn at(place: &str) -> Result<Self, ConnectError> {
        let channel = Channel::builder(format!("http://{place}"))
            .keepalive(KEEPALIVE)
            .backoff(PAUSES)
            .lazy()?;
        Ok(Self::over(channel, place))
    }

    /// The registry that `channel` leads to, for one with TLS or a login; called `place` in errors.
    pub fn over(channel: Channel, place: impl Into<String>) -> Self {
        Self {
            channel,
            place: place.into(),
            service: String::new(),
            lease: LEASE,
        }
    }

    /// What resolves the endpoints of `service` there.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// How long an endpoint that is registered stands when its server is gone; 10 s, and from half a second to five
    /// minutes.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    pub(super) fn parse(rest: &str) -> Result<Self, Fault> {
        let (place, service) = rest.split_once('/').unwrap_or((rest, ""));
        if service.is_empty() {
            return Err(Fault::Malformed("it names no service".to_owned()));
        }
        Ok(Self::placed(place)?.service(service))
    }

    pub(super) fn parse_registry(rest: &str) -> Result<Self, Fault> {
        let place = rest.strip_suffix('/').unwrap_or(rest);
        if place.contains('/') {
            return Err(Fault::Malformed(
                "servers register all that they serve: name none".to_owned(),
            ));
        }
        Self::placed(place)
    }

    fn placed(place: &str) -> Result<Self, Fault> {
        Self::at(place).map_err(|error| Fault::Malformed(error.to_string()))
    }

    fn error(&self, key: &str, why: impl std::fmt::Display) -> RegistryError {
        RegistryError::new(Registry::target(self), key, why)
    }
}

impl Resolver for Central {
    fn target(&self) -> String {
        format!("couplet://{}/{}", self.place, self.service)
    }

    fn watch(&self) -> Watch {
        let central = self.clone();
        watched(|publisher| view::follow(central, publisher))
    }
}

impl Registry for Central {
    fn target(&self) -> String {
        format!("couplet://{}", self.place)
    }

    fn register(&self, endpoint: Endpoint) -> Registering<'_> {
        let seat = keep::Seat::new(self.clone(), &endpoint);
        Box::pin(async {
            seat.renew().await?;
            Ok(Registration::kept(|stopped| seat.keep(stopped)))
        })
    }
}
