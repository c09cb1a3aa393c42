//! Which endpoint gets a call: of those that a name resolves to, one that fits the client's release, that can be reached, that is
//! well, and that is least busy.
//!
//! A [`Balancer`] keeps a way open to each endpoint ([`Reach`]) and picks one for every call. What a pick looks at was put
//! together before, whenever an endpoint came, went, or changed its state: a pick costs the same with ten endpoints and with ten
//! thousand.
//!
//! ```text
//!   resolver ── snapshot ──▶ manager ── peers, each with its keeper ──▶ view ◀── pick ── call
//!                              ▲                    │ up, down
//!                              └────────────────────┘
//! ```

mod candidates;
mod chosen;
mod keeper;
mod load;
mod manager;
mod peer;
mod pick;
mod pool;
mod reach;
#[cfg(feature = "metrics")]
mod report;
mod serving;
mod settings;
mod view;
mod wanted;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    pin::pin,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
};

use arc_swap::ArcSwap;
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};
use tonic::Status;

use self::{
    chosen::Chosen,
    manager::Manager,
    pick::Choice,
    view::{Unfit, View},
    wanted::Wanted,
};
pub use self::{reach::Reach, settings::Settings};
use crate::{
    call::{Call, Invoke, Phase, Reply, during},
    clock,
    discovery::{Endpoint, Resolver},
    policy::{
        balance,
        connectivity::{Counts, State},
        counter::Counter,
        outlier::{self, Outlier},
    },
};

/// Sends each call to one of the endpoints that a name resolves to.
pub struct Balancer<L: Reach> {
    shared: Arc<Shared<L>>,
    /// Ends with the runtime that it was started in; the next one has another.
    manager: Mutex<Option<AbortHandle>>,
    #[cfg(feature = "metrics")]
    #[expect(dead_code, reason = "it reports for as long as the balancer is there")]
    reports: crate::telemetry::Reports,
}

/// What makes the way to an endpoint; an error where its address makes no sense.
type Open<L> = Box<dyn Fn(&Endpoint) -> Result<L, String> + Send + Sync>;

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// One of balancing.
    #[error(transparent)]
    Balancing(#[from] balance::ConfigError),
    /// One of outlier detection.
    #[error(transparent)]
    Outlier(#[from] outlier::ConfigError),
}

/// What picks share with whoever prepares them.
struct Shared<L> {
    resolver: Arc<dyn Resolver>,
    open: Open<L>,
    settings: ArcSwap<Settings>,
    view: ArcSwap<View<L>>,
    /// Counts calls that go to endpoints in turn, from one view to the next.
    turns: AtomicU64,
    /// Attempts that were sent to whom was picked for them.
    picks: Counter,
    outlier: Outlier,
    /// The service whose health is asked for.
    health: watch::Sender<Option<Arc<str>>>,
    /// Peers that refused a client for its release.
    unfit: Mutex<Unfit>,
    /// Tells calls that wait that the view changed.
    changed: Notify,
    /// Tells the manager that a peer came up, went down, or does not fit.
    stirred: Arc<Notify>,
    /// Whether somebody calls.
    wanted: Wanted,
    states: watch::Sender<State>,
}

/// Changes the settings of a [`Balancer`] that stands elsewhere.
#[derive(Clone)]
pub struct Handle<L: Reach>(Arc<Shared<L>>);

// === Balancer ===

impl<L: Reach> Balancer<L> {
    /// Picks among the endpoints that `resolver` finds, each of which is reached by what `open` gives. Begins with the
    /// first call, or with [`ready`](Self::ready).
    pub fn new(
        resolver: Arc<dyn Resolver>,
        open: impl Fn(&Endpoint) -> Result<L, String> + Send + Sync + 'static,
    ) -> Self {
        let outlier = Outlier::new(outlier::Config::default(), clock::now(), fastrand::u64(..));
        let settings = Arc::<Settings>::default();
        let shared = Shared {
            resolver,
            open: Box::new(open),
            view: ArcSwap::from_pointee(View::empty(Arc::clone(&settings))),
            settings: ArcSwap::new(settings),
            picks: Counter::default(),
            turns: AtomicU64::new(fastrand::u64(..u64::from(u32::MAX))),
            outlier: outlier.expect("the defaults are valid"),
            health: watch::Sender::new(None),
            unfit: Mutex::default(),
            changed: Notify::new(),
            stirred: Arc::default(),
            wanted: Wanted::default(),
            states: watch::Sender::new(State::Idle),
        };
        let shared = Arc::new(shared);
        Self {
            #[cfg(feature = "metrics")]
            reports: report::of(&shared),
            shared,
            manager: Mutex::default(),
        }
    }

    /// What changes its settings.
    pub fn handle(&self) -> Handle<L> {
        Handle(Arc::clone(&self.shared))
    }

    /// Waits until a call could be sent.
    ///
    /// # Errors
    /// UNAVAILABLE if the name cannot be resolved, or none of its endpoints can be reached.
    pub async fn ready(&self) -> Result<(), Status> {
        self.wait_for(false, |view| view.readiness()).await
    }

    /// What is known of the endpoints, and whether it is still so.
    pub fn snapshot(&self) -> crate::discovery::Snapshot {
        self.shared.view.load().snapshot.clone()
    }

    /// What can be said of all endpoints together, and how it changes.
    pub fn states(&self) -> watch::Receiver<State> {
        self.shared.states.subscribe()
    }

    /// How many of the endpoints are in each state.
    pub fn counts(&self) -> Counts {
        let asleep = self.shared.wanted.is_asleep();
        self.shared.view.load().counts(asleep)
    }

    fn start(&self) {
        let mut manager = self.manager.lock().unwrap_or_else(PoisonError::into_inner);
        if manager.as_ref().is_none_or(AbortHandle::is_finished) {
            let next = Manager::new(Arc::clone(&self.shared));
            *manager = Some(tokio::spawn(next.run()).abort_handle());
        }
    }

    /// A peer that can be had without waiting.
    fn choose(&self, call: &Call) -> Option<Chosen<L>> {
        let now = call.started.unwrap_or_else(clock::now);
        self.shared.call();
        match self.shared.view.load().pick(call, now, &self.shared.turns) {
            Choice::Here(chosen) => Some(chosen),
            Choice::Wait | Choice::Nowhere(_) => None,
        }
    }

    #[cold]
    async fn choose_later(&self, call: &Call) -> Result<Chosen<L>, Status> {
        let patient = call.wait_for_ready == Some(true);
        self.wait_for(patient, |view| {
            view.pick(call, clock::now(), &self.shared.turns)
        })
        .await
    }

    /// Looks at the view until that says something else than to wait. The `patient` wait on where others give up: the
    /// endpoints may be about to be started, or replaced by some that fit.
    async fn wait_for<T>(
        &self,
        patient: bool,
        look: impl Fn(&View<L>) -> Choice<T>,
    ) -> Result<T, Status> {
        self.start();
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            // Enabled before looking, so that nothing is missed.
            changed.as_mut().enable();
            self.shared.call();
            let choice = look(&self.shared.view.load());
            match choice {
                Choice::Here(found) => return Ok(found),
                Choice::Nowhere(why) if !patient => return Err(self.shared.fail(why)),
                Choice::Nowhere(_) => {}
                Choice::Wait => self.shared.wanted.hurry(),
            }
            changed.await;
        }
    }
}

impl<L> Shared<L> {
    /// Somebody calls.
    #[inline]
    fn call(&self) {
        if self.wanted.call() {
            self.stirred.notify_one();
        }
    }
}

impl<L: Reach> Invoke for Balancer<L> {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let chosen = match self.choose(&call) {
            Some(chosen) => chosen,
            None => during(Phase::Connect, Box::pin(self.choose_later(&call))).await?,
        };
        chosen.send(call, &self.shared).await
    }
}

impl<L: Reach> Drop for Balancer<L> {
    fn drop(&mut self) {
        let manager = self
            .manager
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(manager) = manager {
            manager.abort();
        }
        self.shared.states.send_replace(State::Shutdown);
    }
}

impl<L: Reach> fmt::Debug for Balancer<L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Balancer")
            .field("target", &self.shared.resolver.target())
            .finish_non_exhaustive()
    }
}

// === Handle ===

impl<L: Reach> Handle<L> {
    /// Goes by `settings` from now on. Connections stay, and so does what is known of endpoints, unless `settings` have
    /// them forgotten.
    ///
    /// # Errors
    /// The first value that makes no sense; then nothing changes.
    pub fn configure(&self, settings: Settings) -> Result<(), SettingsError> {
        settings.balancing.validate()?;
        let known = self.0.settings.load();
        if known.outlier != settings.outlier {
            self.0
                .outlier
                .reconfigure(settings.outlier.clone(), clock::now())?;
        }
        self.0.health.send_if_modified(|asked| {
            let changed = asked.as_deref() != settings.health.as_deref();
            *asked = settings.health.as_deref().map(Arc::from);
            changed
        });
        self.0.settings.store(Arc::new(settings));
        self.0.stirred.notify_one();
        Ok(())
    }
}

impl<L: Reach> fmt::Debug for Handle<L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.0.settings.load();
        formatter.debug_tuple("Handle").field(&settings).finish()
    }
}
