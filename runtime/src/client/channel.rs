//! A channel: the connections to one target, shared by every client that is made of it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

use super::{Builder, ConnectError};
use crate::{
    call::Service,
    carrier::{Link, local::Local},
    config::{ConfigCounts, Effective, Origin, ServiceConfig, ServiceConfigErrors, live::Live},
    discovery::Resolver,
    policy::connectivity::{Counts, State},
    stack::{self, ClientSettings},
};

/// The stack of a client that was made of a [`Channel`].
pub type Stack = stack::Client<Arc<Link>>;

/// The connections to one target. Cheap to clone; all clones share them, and the breakers of every service too.
///
/// ```no_run
/// # async fn shown() -> Result<(), couplet::client::ConnectError> {
/// use std::time::Duration;
/// use couplet::client::Channel;
///
/// let channel = Channel::builder("http://127.0.0.1:50051")
///     .connect_timeout(Duration::from_secs(2))
///     .connect()
///     .await?;
/// # drop(channel);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Channel {
    link: Arc<Link>,
    settings: Arc<ClientSettings>,
    live: Arc<Live>,
    /// One a service, by the address of its description: two releases of one contract are two services.
    stacks: Arc<Mutex<HashMap<Address, Stack>>>,
}

impl Channel {
    /// A channel with the default settings whose first connection is up.
    ///
    /// # Errors
    /// If the target is not understood or cannot be reached.
    pub async fn connect(target: impl Into<String>) -> Result<Self, ConnectError> {
        Self::builder(target).connect().await
    }

    /// Settings for a channel to `target`: `http://host:port`, `https://host:port` (with feature `tls`), `unix:/path`, or
    /// a name that resolves to endpoints, such as `static:///10.0.0.1:50051,10.0.0.2:50051` (see
    /// [`discovery`](crate::discovery)).
    pub fn builder(target: impl Into<String>) -> Builder {
        Builder::new(target.into())
    }

    /// Settings for a channel to whatever `resolver` finds, such as one of your own.
    pub fn resolving(resolver: impl Resolver) -> Builder {
        Builder::new(Arc::new(resolver) as Arc<dyn Resolver>)
    }

    /// A channel to services of the same process, with the same policies and no socket.
    pub fn local(services: Local) -> Self {
        Self::new(
            Link::Local(services),
            ClientSettings::default(),
            Live::default(),
        )
    }

    /// Settings for a channel to services of the same process. Those that concern connections mean nothing to it.
    pub fn local_builder(services: Local) -> Builder {
        Builder::new(services)
    }

    pub(super) fn new(link: Link, mut settings: ClientSettings, live: Live) -> Self {
        let live = Arc::new(live);
        live.watch();
        settings.live = Some(Arc::clone(&live));
        Self {
            link: Arc::new(link),
            settings: Arc::new(settings),
            live,
            stacks: Arc::default(),
        }
    }

    /// The layers for the calls of `service`: the same ones, however often it is asked for.
    pub fn stack(&self, service: &'static Service) -> Stack {
        self.live.watch();
        // Nothing under this lock can leave the map half changed.
        let mut stacks = self.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        let stack = || Stack::new(Arc::clone(&self.link), service, &self.settings);
        stacks.entry(Address(service)).or_insert_with(stack).clone()
    }

    /// Lets `config` hold from the next call on, over contracts and the service config that the channel was built with.
    /// Breakers, limits and the throttle keep what they have counted. It replaces the last one that was pushed.
    ///
    /// # Errors
    /// If it makes no sense, alone or together with the contracts of the services that this channel is used for. Then
    /// nothing changes.
    pub fn push_service_config(&self, config: ServiceConfig) -> Result<(), ServiceConfigErrors> {
        let updated = self.live.update(Origin::Pushed, config);
        self.live.count(&updated);
        updated
    }

    /// What holds for the calls of `service` now, with the origin of every value.
    pub fn effective(&self, service: &'static Service) -> Effective {
        let cap = self.settings.target.attempts_cap;
        self.live.effective(service, cap)
    }

    /// What became of the service configs that came since the channel was built.
    pub fn config_counts(&self) -> &Arc<ConfigCounts> {
        self.live.counts()
    }

    /// What can be said of its connections now.
    pub fn state(&self) -> State {
        *self.link.states().borrow()
    }

    /// The same, and how it changes. Whoever is slow sees the last of several changes. It ends with
    /// [`Shutdown`](State::Shutdown) once the last clone of the channel is gone.
    ///
    /// ```no_run
    /// # async fn shown(channel: couplet::Channel) {
    /// use couplet::policy::connectivity::State;
    ///
    /// let mut states = channel.states();
    /// while states.changed().await.is_ok() {
    ///     let state = *states.borrow_and_update();
    ///     println!("{state}");
    ///     if state == State::Shutdown {
    ///         break;
    ///     }
    /// }
    /// # }
    /// ```
    pub fn states(&self) -> watch::Receiver<State> {
        self.link.states()
    }

    /// How many of its endpoints are in each state; one, where the target is an address and not a name.
    pub fn endpoints(&self) -> Counts {
        self.link.counts()
    }

    /// What moves its calls.
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }
}

impl From<&Channel> for Channel {
    fn from(channel: &Channel) -> Self {
        channel.clone()
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Channel")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

// === Address ===

/// A service by where its description stands in memory.
#[derive(Debug, Clone, Copy)]
struct Address(&'static Service);

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Address {}

impl std::hash::Hash for Address {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}
