//! Makes a server known to registries once it serves, and forgets it before it drains.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Builder, Readiness, ServeError};
use crate::{
    call::Route,
    discovery::{
        self, Endpoint, Registration, Registry,
        embedded::{Embedded, RegistryServer},
    },
    policy::backoff::Backoff,
    stack::Mounted,
};

/// How long a registry may take to forget a server that leaves; after it, the lease does it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two attempts to register.
const BACKOFF: Backoff = Backoff {
    initial: Duration::from_millis(200),
    multiplier: 2.0,
    max: Duration::from_secs(10),
    jitter: 0.2,
};

/// Where a server is made known, and as what.
#[derive(Debug, Default)]
pub(super) struct Registering {
    pub(super) targets: Vec<String>,
    pub(super) registries: Vec<Arc<dyn Registry>>,
    pub(super) advertised: Option<Endpoint>,
}

/// What a server makes known.
#[derive(Debug, Default)]
pub(super) struct Announcement {
    registries: Vec<Arc<dyn Registry>>,
    endpoints: Vec<Endpoint>,
}

/// A server that is known, or is about to be.
#[derive(Debug)]
pub(super) struct Announced {
    leaving: watch::Sender<bool>,
    keepers: JoinSet<()>,
}

// === Builder ===

impl Builder {
    /// Makes every contract of this server known to the registry at `target` once it serves, such as `memory:///`; withdraws
    /// it before draining. Adds to those named before. While the registry is away, the server serves all the same, and
    /// registers when it is back.
    pub fn register(mut self, target: impl Into<String>) -> Self {
        self.registering.targets.push(target.into());
        self
    }

    /// Serves a registry in the memory of this server, for other servers to [`register`](Self::register) with and for clients
    /// to resolve by, as `couplet://host:port`. There is one of it: for one machine and for tests. While it is away,
    /// clients go by what they know.
    ///
    /// Whoever reaches this port may register, and in the place of others too: give it a server of its own that strangers do
    /// not reach.
    pub fn registry(self) -> Self {
        self.add(RegistryServer::new(Embedded::new()))
    }

    /// The same with a registry of your own.
    pub fn register_with(mut self, registry: impl Registry) -> Self {
        self.registering.registries.push(Arc::new(registry));
        self
    }

    /// What is made known: the address by which others reach this server, its zone and its weight. Without, the address
    /// that it is bound to.
    pub fn advertise(mut self, endpoint: impl Into<Endpoint>) -> Self {
        self.registering.advertised = Some(endpoint.into());
        self
    }
}

// === Registering ===

impl Registering {
    /// What is to be made known of `services` that are served at `bound`.
    ///
    /// # Errors
    /// If nobody could reach the server by what would be made known, or there is no such registry.
    pub(super) fn announcement(
        self,
        bound: Option<Bound>,
        services: &[Mounted],
    ) -> Result<Announcement, ServeError> {
        let mut registries = self.registries;
        for target in &self.targets {
            registries.push(discovery::registry(target)?);
        }
        if registries.is_empty() {
            return Ok(Announcement::default());
        }
        let advertised = match (self.advertised, bound) {
            (Some(endpoint), _) => endpoint,
            (None, Some(Bound::Unix(path))) => Endpoint::new(format!("unix:{path}")),
            (None, Some(Bound::Tcp(address))) if !address.ip().is_unspecified() => {
                Endpoint::new(address.to_string())
            }
            (None, Some(Bound::Tcp(address))) => {
                return Err(ServeError::Unadvertised(address.to_string()));
            }
            (None, None) => return Err(ServeError::Unadvertised("a stream".to_owned())),
        };
        let endpoints = services.iter().map(|mounted| Endpoint {
            weight: advertised.weight,
            zone: advertised.zone.clone(),
            metadata: advertised.metadata.clone(),
            ..endpoint(mounted, &advertised.address)
        });
        Ok(Announcement {
            registries,
            endpoints: endpoints.collect(),
        })
    }
}

/// What is known of a service at `address`. One that is there in several releases says none: the server chooses for each
/// caller, and checks.
fn endpoint(mounted: &Mounted, address: &str) -> Endpoint {
    let several = |route: &Route| matches!(route, Route::Several(..));
    if mounted.routes.iter().any(several) {
        return Endpoint {
            service: mounted.service.name.to_owned(),
            ..Endpoint::new(address)
        };
    }
    Endpoint::of(mounted.service, address)
}

/// Where a server listens, as others could reach it.
pub(super) enum Bound {
    Tcp(SocketAddr),
    Unix(String),
}

// === Announcement ===

impl Announcement {
    /// Makes it known once the server is ready, and keeps it so.
    pub(super) fn announce(&self, readiness: &Readiness) -> Announced {
        let (leaving, left) = watch::channel(false);
        let mut keepers = JoinSet::new();
        for registry in &self.registries {
            for endpoint in &self.endpoints {
                let (registry, endpoint) = (Arc::clone(registry), endpoint.clone());
                keepers.spawn(keep(registry, endpoint, readiness.clone(), left.clone()));
            }
        }
        Announced { leaving, keepers }
    }
}

/// Registers once the server is ready, until that succeeds, and withdraws when the server leaves.
async fn keep(
    registry: Arc<dyn Registry>,
    endpoint: Endpoint,
    readiness: Readiness,
    mut left: watch::Receiver<bool>,
) {
    let registering = async {
        let mut failures = 0;
        loop {
            match registry.register(endpoint.clone()).await {
                Ok(registration) => return registration,
                Err(error) => {
                    tracing::warn!(%error, "the server is not registered yet");
                    sleep(BACKOFF.wait(failures, fastrand::f64())).await;
                    failures += 1;
                }
            }
        }
    };
    let mut registering = pin!(registering);
    tokio::select! {
        biased;
        () = leaving(&mut left) => return,
        () = readiness.ready() => {}
    }
    let registered = tokio::select! {
        biased;
        // The registry may have taken what it was asked last.
        () = leaving(&mut left) => timeout(PATIENCE, registering).await.ok(),
        registration = &mut registering => Some(registration),
    };
    let Some(registration): Option<Registration> = registered else {
        return;
    };
    tracing::info!(registry = %registry.target(), service = %endpoint.service, address = %endpoint.address, "registered");
    if left.wait_for(|left| *left).await.is_err() {
        // The server is cut: its lease ends by itself.
        return;
    }
    match timeout(PATIENCE, registration.withdraw()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the server leaves without being withdrawn"),
        Err(_) => {
            tracing::warn!(registry = %registry.target(), "the registry does not answer; the server leaves all the same");
        }
    }
}

/// Returns when the server leaves.
async fn leaving(left: &mut watch::Receiver<bool>) {
    // Whoever is cut leaves too.
    let _ = left.wait_for(|left| *left).await;
}

// === Announced ===

impl Announced {
    /// Whether there is anything to withdraw.
    pub(super) fn is_empty(&self) -> bool {
        self.keepers.is_empty()
    }

    /// Withdraws everything. Whoever resolves anew does not find this server any more.
    pub(super) async fn withdraw(&mut self) {
        self.leaving.send_replace(true);
        while self.keepers.join_next().await.is_some() {}
    }
}
