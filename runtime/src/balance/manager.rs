//! Prepares what picks look at: follows the resolver, keeps a way open to every endpoint, and sweeps for outliers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio::time::sleep_until;

use super::{
    Reach, Shared,
    keeper::{Keeper, Turns},
    peer::Peer,
    view::{Unfit, View},
};
use crate::{
    clock,
    discovery::{Endpoint, Snapshot},
};

/// The one task behind a balancer.
pub(super) struct Manager<L> {
    shared: Arc<Shared<L>>,
    peers: Vec<Arc<Peer<L>>>,
    keepers: HashMap<u64, Keeper>,
    turns: Turns,
}

impl<L: Reach> Manager<L> {
    pub(super) fn new(shared: Arc<Shared<L>>) -> Self {
        Self {
            shared,
            peers: Vec::new(),
            keepers: HashMap::new(),
            turns: Turns::default(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut watch = self.shared.resolver.watch();
        loop {
            let snapshot = watch.borrow_and_update().clone();
            self.follow(&snapshot);
            self.tend(&snapshot, &mut watch).await;
        }
    }

    /// Does what is to be done until there is another snapshot.
    async fn tend(&self, snapshot: &Snapshot, watch: &mut crate::discovery::Watch) {
        let mut watched = true;
        loop {
            self.publish(snapshot);
            let due = [self.shared.outlier.due(), self.shared.next_forgotten()];
            let due = due.into_iter().flatten().min();
            tokio::select! {
                biased;
                changed = watch.changed(), if watched => match changed {
                    Ok(()) => return,
                    // The resolver gave up: what it said last stands.
                    Err(_) => watched = false,
                },
                () = self.shared.stirred.notified() => {}
                () = until(due) => self.sweep(),
            }
        }
    }

    /// Has a peer for each endpoint, and none for what is gone. Whoever is on its way to one that is gone gets there.
    fn follow(&mut self, snapshot: &Snapshot) {
        let now = clock::now();
        let mut known: HashMap<Arc<str>, Arc<Peer<L>>> = self
            .peers
            .drain(..)
            .map(|peer| (Arc::clone(peer.health.name()), peer))
            .collect();
        let names = snapshot.endpoints.iter().map(|endpoint| &*endpoint.address);
        let healths = self.shared.outlier.update(names);
        for (endpoint, health) in snapshot.endpoints.iter().zip(healths) {
            let same = known.remove(health.name());
            let peer = match same.filter(|peer| *peer.endpoint == **endpoint) {
                Some(peer) => peer,
                None => match (self.shared.open)(endpoint) {
                    Ok(link) => Arc::new(Peer::new(Arc::clone(endpoint), link, health, now)),
                    Err(why) => {
                        self.skip(endpoint, &why);
                        continue;
                    }
                },
            };
            self.peers.push(peer);
        }
        let numbers: std::collections::HashSet<_> =
            self.peers.iter().map(|peer| peer.number).collect();
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
        let unfit: Arc<[Unfit]> = self.shared.unfit().iter().copied().collect();
        let view = View::new(
            snapshot.clone(),
            self.peers.iter().cloned().collect(),
            unfit,
        );
        self.shared.view.store(Arc::new(view));
        self.shared.changed.notify_waiters();
    }

    fn sweep(&self) {
        let now = clock::now();
        self.shared.unfit().retain(|unfit| unfit.until > now);
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
    pub(super) fn mark(&self, unfit: Unfit) {
        let mut all = self.unfit();
        all.retain(|known| (known.peer, known.release) != (unfit.peer, unfit.release));
        all.push(unfit);
        drop(all);
        self.stirred.notify_one();
    }

    fn next_forgotten(&self) -> Option<Instant> {
        self.unfit().iter().map(|unfit| unfit.until).min()
    }

    fn unfit(&self) -> std::sync::MutexGuard<'_, Vec<Unfit>> {
        let unfit: &Mutex<_> = &self.unfit;
        unfit
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
