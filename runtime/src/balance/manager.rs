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
    policy::{
        balance::subset,
        connectivity::{Leave, Need, State},
    },
};

/// Of the time, no more than one part in so many is spent on preparing views: while ten thousand endpoints flap, what
/// happens meanwhile is one change.
const PAUSE: u32 = 9;
/// The longest pause between two views.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest time from one look whether somebody calls to the next.
const LOOK: Duration = Duration::from_secs(60);

/// The way to an endpoint.
enum Way<L> {
    Known(Arc<Peer<L>>),
    New(L),
}

/// The one task behind a balancer.
pub(super) struct Manager<L> {
    shared: Arc<Shared<L>>,
    /// The endpoints that there are peers for, and those that no way can be made to.
    followed: Vec<Arc<Endpoint>>,
    peers: Vec<Arc<Peer<L>>>,
    keepers: HashMap<u64, Keeper>,
    turns: Turns,
    /// What orders the endpoints for this client where there are more than it uses.
    seed: u64,
    need: Need,
    /// When it is next looked at whether somebody calls.
    look: Instant,
}

impl<L: Reach> Manager<L> {
    pub(super) fn new(shared: Arc<Shared<L>>) -> Self {
        Self {
            shared,
            followed: Vec::new(),
            peers: Vec::new(),
            keepers: HashMap::new(),
            turns: Turns::default(),
            seed: fastrand::u64(..),
            need: Need::new(None, clock::now()),
            look: clock::now(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut watch = self.shared.resolver.watch();
        let mut watched = true;
        loop {
            let begun = clock::now();
            let snapshot = watch.borrow_and_update().clone();
            self.rest_or_wake(begun);
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
        let due = [
            self.shared.outlier.due(),
            self.shared.next_forgotten(),
            self.next_look(),
        ];
        let due = due.into_iter().flatten().min();
        // Before all else, which may never come to an end.
        if due.is_some_and(|due| due <= clock::now()) {
            return self.sweep();
        }
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
        let mut pairs = self.followed.iter().zip(&endpoints);
        if self.followed.len() == endpoints.len()
            && pairs.all(|(one, other)| Arc::ptr_eq(one, other))
        {
            return;
        }
        self.followed.clone_from(&endpoints);
        let mut known: HashMap<Arc<str>, Arc<Peer<L>>> = self
            .peers
            .drain(..)
            .map(|peer| (Arc::clone(peer.health.name()), peer))
            .collect();
        let ways = endpoints.into_iter().filter_map(|endpoint| {
            // What is called otherwise is another one: its connections were made for the old name.
            let same = |peer: &Arc<Peer<L>>| peer.endpoint.load().authority == endpoint.authority;
            let way = match known.remove(&*endpoint.address).filter(same) {
                Some(peer) => Way::Known(peer),
                None => Way::New(self.open(&endpoint)?),
            };
            Some((endpoint, way))
        });
        let ways: Vec<_> = ways.collect();
        let names = ways.iter().map(|(endpoint, _)| &*endpoint.address);
        let healths = self.shared.outlier.update(names);
        let peers = ways
            .into_iter()
            .zip(healths)
            .map(|((endpoint, way), health)| match way {
                Way::Known(peer) => {
                    self.renew(&peer, endpoint);
                    peer
                }
                Way::New(link) => Arc::new(Peer::new(endpoint, link, health, clock::now())),
            });
        self.peers = peers.collect();
        self.keep();
    }

    /// Goes by what is said of an endpoint now. One that is of another release than before may fit whom it did not fit.
    fn renew(&self, peer: &Peer<L>, endpoint: Arc<Endpoint>) {
        if peer.endpoint.load().release != endpoint.release {
            self.shared
                .unfit()
                .retain(|(number, _), _| *number != peer.number);
        }
        peer.endpoint.store(endpoint);
    }

    /// A way to `endpoint`, if there is any.
    fn open(&self, endpoint: &Endpoint) -> Option<L> {
        match (self.shared.open)(endpoint) {
            Ok(link) => Some(link),
            Err(why) => {
                let target = self.shared.resolver.target();
                tracing::warn!(%target, address = %endpoint.address, %why, "an endpoint is left out");
                None
            }
        }
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

    /// Keeps no way open after a while without a call, and all of them again from the next one on.
    fn rest_or_wake(&mut self, now: Instant) {
        let wanted = &self.shared.wanted;
        let limit = self.shared.settings.load().idle_timeout;
        if wanted.is_asleep() {
            if limit.is_none() || wanted.take() {
                wanted.wake();
                self.need.touch(now);
                self.keep();
            }
            return;
        }
        let Some(limit) = limit.filter(|_| now >= self.look) else {
            return;
        };
        self.look = now + LOOK.min(limit / 2);
        self.need.limit(Some(limit));
        let under_way = self.peers.iter().any(|peer| peer.load.under_way() > 0);
        let calls = usize::from(wanted.take() || under_way);
        if self.need.look(now, &[calls], 1) == Leave::All && wanted.sleep() {
            self.keepers.clear();
            for peer in &self.peers {
                peer.link.leave();
                peer.rest();
            }
        }
    }

    fn next_look(&self) -> Option<Instant> {
        let asleep = self.shared.wanted.is_asleep();
        let limited = self.shared.settings.load().idle_timeout.is_some();
        (limited && !asleep).then_some(self.look)
    }

    /// Has a keeper for each peer, unless nobody calls.
    fn keep(&mut self) {
        if self.shared.wanted.is_asleep() {
            return;
        }
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

    fn publish(&self, snapshot: &Snapshot) {
        let view = View::new(
            snapshot.clone(),
            self.peers.iter().cloned().collect(),
            self.shared.unfit().clone(),
            self.shared.settings.load_full(),
        );
        view.prepare(&self.shared.view.load());
        let state = view.state(self.shared.wanted.is_asleep());
        self.shared.view.store(Arc::new(view));
        self.tell(state);
        self.shared.changed.notify_waiters();
    }

    fn tell(&self, state: State) {
        self.shared.states.send_if_modified(|before| {
            let other = *before != state;
            if other {
                let target = self.shared.resolver.target();
                tracing::debug!(%target, from = %before, to = %state, "a channel changed its state");
                *before = state;
            }
            other
        });
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
