//! Prepares what picks look at: follows the resolver, keeps a way open to every endpoint, and sweeps for outliers.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::{sleep, sleep_until};

use super::{
    Reach, Shared,
    keeper::{Keeper, Turns},
    peer::Peer,
    view::{Release, Unfit, View},
};
use crate::{
    clock,
    discovery::{Endpoint, Snapshot, Watch},
    policy::balance::subset,
};

/// Of the time, no more than one part in so many is spent on preparing views: while ten thousand endpoints flap, what
/// happens meanwhile is one change.
const PAUSE: u32 = 9;
/// The longest pause between two views.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The one task behind a balancer.
pub(super) struct Manager<L> {
    shared: Arc<Shared<L>>,
    peers: Vec<Arc<Peer<L>>>,
    keepers: HashMap<u64, Keeper>,
    turns: Turns,
    /// What orders the endpoints for this client where there are more than it uses.
    seed: u64,
}

impl<L: Reach> Manager<L> {
    pub(super) fn new(shared: Arc<Shared<L>>) -> Self {
        Self {
            shared,
            peers: Vec::new(),
            keepers: HashMap::new(),
            turns: Turns::default(),
            seed: fastrand::u64(..),
        }
    }

    pub(super) async fn run(mut self) {
        let mut watch = self.shared.resolver.watch();
        let mut watched = true;
        loop {
            let begun = clock::now();
            let snapshot = watch.borrow_and_update().clone();
            self.follow(&snapshot);
            self.publish(&snapshot);
            let spent = clock::now().saturating_duration_since(begun) * PAUSE;
            if spent >= Duration::from_millis(1) {
                sleep(spent.min(LONGEST_PAUSE)).await;
            }
            self.wait(&mut watch, &mut watched).await;
        }
    }

    /// Returns when something has happened.
    async fn wait(&self, watch: &mut Watch, watched: &mut bool) {
        let due = [self.shared.outlier.due(), self.shared.next_forgotten()];
        let due = due.into_iter().flatten().min();
        tokio::select! {
            biased;
            changed = watch.changed(), if *watched => {
                // The resolver gave up: what it said last stands.
                *watched = changed.is_ok();
            }
            () = self.shared.stirred.notified() => {}
            () = until(due) => self.sweep(),
        }
    }

    /// Has a peer for each endpoint that is used, and none for what is gone. Whoever is on its way to one that is gone
    /// gets there.
    fn follow(&mut self, snapshot: &Snapshot) {
        let endpoints = self.used(snapshot);
        let same = self.peers.len() == endpoints.len()
            && self
                .peers
                .iter()
                .zip(&endpoints)
                .all(|(peer, endpoint)| Arc::ptr_eq(&peer.endpoint.load(), endpoint));
        if same {
            return;
        }
        let mut known: HashMap<Arc<str>, Arc<Peer<L>>> = self
            .peers
            .drain(..)
            .map(|peer| (Arc::clone(peer.health.name()), peer))
            .collect();
        let names = endpoints.iter().map(|endpoint| &*endpoint.address);
        let healths = self.shared.outlier.update(names);
        for (endpoint, health) in endpoints.into_iter().zip(healths) {
            let peer = match known.remove(health.name()) {
                Some(peer) => {
                    peer.endpoint.store(endpoint);
                    peer
                }
                None => match (self.shared.open)(&endpoint) {
                    Ok(link) => Arc::new(Peer::new(endpoint, link, health, clock::now())),
                    Err(why) => {
                        self.skip(&endpoint, &why);
                        continue;
                    }
                },
            };
            self.peers.push(peer);
        }
        self.keep();
    }

    /// The endpoints that this client uses: all, or so many of each release.
    fn used(&self, snapshot: &Snapshot) -> Vec<Arc<Endpoint>> {
        let endpoints = &snapshot.endpoints;
        let size = self.shared.settings.load().balancing.subset();
        let size = match size {
            Some(size) if size < endpoints.len() => size,
            _ => return endpoints.to_vec(),
        };
        let mut releases: BTreeMap<_, Vec<&Arc<Endpoint>>> = BTreeMap::new();
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.weight > 0) {
            let release = endpoint.release.as_ref();
            let release = release.map(|release| (&release.version, release.min));
            releases.entry(release).or_default().push(endpoint);
        }
        let mut used = HashSet::new();
        for all in releases.values() {
            let names: Vec<_> = all.iter().map(|endpoint| &*endpoint.address).collect();
            used.extend(
                subset(&names, size, self.seed)
                    .into_iter()
                    .map(|place| names[place]),
            );
        }
        let used = endpoints
            .iter()
            .filter(|endpoint| used.contains(&*endpoint.address));
        used.cloned().collect()
    }

    /// Has a keeper for each peer.
    fn keep(&mut self) {
        let numbers: HashSet<_> = self.peers.iter().map(|peer| peer.number).collect();
        self.keepers.retain(|number, _| numbers.contains(number));
        for peer in &self.peers {
            self.keepers.entry(peer.number).or_insert_with(|| {
                Keeper::start(
                    Arc::clone(peer),
                    Arc::clone(&self.shared),
                    self.turns.clone(),
                )
            });
        }
    }

    fn skip(&self, endpoint: &Endpoint, why: &str) {
        let target = self.shared.resolver.target();
        tracing::warn!(%target, address = %endpoint.address, %why, "an endpoint is left out");
    }

    fn publish(&self, snapshot: &Snapshot) {
        let view = View::new(
            snapshot.clone(),
            self.peers.iter().cloned().collect(),
            self.shared.unfit().clone(),
            self.shared.settings.load_full(),
        );
        view.prepare(&self.shared.view.load());
        self.shared.view.store(Arc::new(view));
        self.shared.changed.notify_waiters();
    }

    fn sweep(&self) {
        let now = clock::now();
        self.shared.unfit().retain(|_, until| *until > now);
        if self.shared.outlier.due().is_some_and(|due| due <= now) {
            for event in self.shared.outlier.sweep(now, fastrand::f64) {
                tracing::info!(target = %self.shared.resolver.target(), ?event, "outliers");
            }
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

impl<L> Shared<L> {
    /// Notes that a peer does not fit a client.
    pub(super) fn mark(&self, peer: u64, release: Release, until: Instant) {
        self.unfit().insert((peer, release), until);
        self.stirred.notify_one();
    }

    fn next_forgotten(&self) -> Option<Instant> {
        self.unfit().values().min().copied()
    }

    fn unfit(&self) -> MutexGuard<'_, Unfit> {
        let unfit: &Mutex<_> = &self.unfit;
        unfit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
