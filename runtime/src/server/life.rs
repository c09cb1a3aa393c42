//! A server's life: it accepts, it drains, it is over.
//!
//! After a shutdown it says that it is not ready, and goes on for as long as the drain delay says, so that those who choose
//! among servers hear of it. Draining then closes the listener, tells every client to go elsewhere (GOAWAY) and lets
//! accepted calls finish. After the drain deadline whatever still runs is cut: connections are dropped, which resets their
//! calls and drops the handlers.

use std::{fmt, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    select,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};

#[cfg(feature = "tls")]
use super::ServerTls;
use super::{
    Builder, Control, Readiness, admin::Admin, extras::Extras, lifetime::Lifetime,
    listener::Listener, readiness::Phase, registering::Announcement,
};
use crate::{
    call::Peer,
    carrier::http2::serve::{self, Life, Socket, Stage},
    config::live::Live,
    stack,
};

/// A server that is bound to its place and not running yet.
pub struct Server {
    pub(super) listener: Listener,
    pub(super) admin: Option<Admin>,
    pub(super) lifetime: Lifetime,
    pub(super) counts: Vec<(&'static str, stack::ServerCounts)>,
    /// Kept up for as long as the server goes by it.
    pub(super) live: Arc<Live>,
    pub(super) shared: Arc<serve::Shared>,
    pub(super) extras: Extras,
    pub(super) max_connections: usize,
    pub(super) drain: Duration,
    pub(super) announcement: Announcement,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<ServerTls>,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "says whether calls were cut"]
#[non_exhaustive]
pub struct Drained {
    /// Connections that were still open at the drain deadline.
    pub connections_cut: usize,
    /// Their calls that were not over.
    pub calls_cut: usize,
}

/// How long cut connections may take to notice.
const NOTICE: Duration = Duration::from_secs(1);

/// The connections of a running server.
struct Connections {
    tasks: JoinSet<usize>,
    life: Life,
    room: Arc<Semaphore>,
}

// === Server ===

impl Server {
    /// Begins to build one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The bound address; `None` for unix sockets and streams.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where the plain HTTP side listens, if there is one.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin.as_ref()?.local_addr()
    }

    /// Whether the server is ready; clone it to ask, or to add conditions, while it runs.
    pub fn readiness(&self) -> &Readiness {
        &self.lifetime.readiness
    }

    /// What the policies of the contract `service`, such as `movies.v1.Movies`, do; clone it to look while the server runs.
    pub fn counts(&self, service: &str) -> Option<&stack::ServerCounts> {
        let found = self.counts.iter().find(|(name, _)| *name == service);
        found.map(|(_, counts)| counts)
    }

    /// What changes the policies while the server runs; ask for it before.
    pub fn control(&self) -> Control {
        Control::of(&self.live)
    }

    /// What the health service reports, to be changed while the server runs; `None` without [`Builder::health`].
    #[cfg(feature = "health")]
    pub fn health_reporter(&self) -> Option<tonic_health::server::HealthReporter> {
        self.extras.health.clone()
    }

    /// Serves until there are no more connections to accept, which for sockets is never.
    pub async fn run(self) -> Drained {
        self.run_until(std::future::pending()).await
    }

    /// Serves until `shutdown` completes, then drains. Dropping the returned future cuts everything at once.
    ///
    /// Before it drains, it is withdrawn from where it is registered, and goes on for the
    /// [drain delay](Builder::drain_delay).
    pub async fn run_until(mut self, shutdown: impl Future<Output = ()>) -> Drained {
        let mut connections = Connections::new(self.max_connections);
        let readiness = self.lifetime.readiness.clone();
        readiness.enter(Phase::Serving);
        let mut readied = readiness.hearer();
        self.extras.tell(readiness.check().is_ok()).await;
        // Ends when this does, also where that is dropped.
        let mut beside = JoinSet::new();
        if let Some(admin) = self.admin.take() {
            beside.spawn(admin.serve());
        }
        let mut announced = self.announcement.announce(&readiness);
        let delay = self.lifetime.delay(announced.is_empty());
        let leaving = async {
            shutdown.await;
            readiness.enter(Phase::Draining);
            announced.withdraw().await;
            if !delay.is_zero() {
                sleep(delay).await;
            }
        };
        let mut leaving = Box::pin(leaving);
        loop {
            select! {
                biased;
                () = &mut leaving => break,
                ready = readied.changed() => self.extras.tell(ready).await,
                Some(_) = connections.tasks.join_next() => {}
                accepted = accept(&mut self.listener, &connections.room) => {
                    let Some((permit, socket, peer)) = accepted else { break };
                    connections.serve(&self, permit, socket, peer);
                }
            }
        }
        readiness.enter(Phase::Draining);
        drop((leaving, self.listener));
        // Where there are no more connections to accept, nobody asked it to leave.
        announced.withdraw().await;
        self.extras.closed().await;
        connections.drain(self.drain).await
    }

    fn opening(
        &self,
        socket: Socket,
        peer: Peer,
    ) -> impl Future<Output = io::Result<(Socket, Peer)>> + use<> {
        #[cfg(feature = "tls")]
        let tls = self.tls.clone();
        async move {
            #[cfg(feature = "tls")]
            if let Some(tls) = tls {
                return tls.accept(socket, peer).await;
            }
            Ok((socket, peer))
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("local_addr", &self.local_addr())
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &mut Listener,
    room: &Arc<Semaphore>,
) -> Option<(OwnedSemaphorePermit, Socket, Peer)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    let (socket, peer) = listener.accept().await?;
    Some((permit, socket, peer))
}

// === Connections ===

impl Connections {
    fn new(most: usize) -> Self {
        Self {
            tasks: JoinSet::new(),
            life: Life::default(),
            room: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
        }
    }

    fn serve(&mut self, server: &Server, permit: OwnedSemaphorePermit, socket: Socket, peer: Peer) {
        let opening = server.opening(socket, peer);
        let (shared, life) = (Arc::clone(&server.shared), self.life.hearer());
        self.tasks.spawn(async move {
            let _permit = permit;
            serve::serve(opening, shared, life).await
        });
    }

    async fn drain(mut self, deadline: Duration) -> Drained {
        self.life.enter(Stage::Draining);
        let drained = timeout(deadline, async {
            while self.tasks.join_next().await.is_some() {}
        });
        if drained.await.is_ok() {
            return Drained::default();
        }
        let mut cut = Drained {
            connections_cut: self.tasks.len(),
            calls_cut: 0,
        };
        self.life.enter(Stage::Over);
        let counted = timeout(NOTICE, async {
            while let Some(calls) = self.tasks.join_next().await {
                cut.calls_cut += calls.unwrap_or_default();
            }
        });
        if counted.await.is_err() {
            self.tasks.abort_all();
        }
        tracing::warn!(?cut, "the drain deadline passed");
        cut
    }
}
