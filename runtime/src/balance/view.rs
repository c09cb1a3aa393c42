//! What picks look at: the peers of a moment, and which of them a call may go to.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{
    candidates::Candidates,
    peer::Peer,
    pick::{Choice, Nowhere},
};
use crate::{call::Said, discovery::Snapshot};

/// The peers of a moment. Never changed: the next moment has its own, which shares the peers.
#[derive(Debug)]
pub(super) struct View<L> {
    pub(super) snapshot: Snapshot,
    /// All of them, whether they can be reached or not.
    pub(super) peers: Arc<[Arc<Peer<L>>]>,
    /// Those that were found not to fit a client, until the manager forgets it.
    pub(super) unfit: Arc<[Unfit]>,
    /// For clients that say no release.
    any: Arc<Candidates<L>>,
    /// For each release that some client says, once it was asked for: there are as many as contracts that use the channel.
    fitting: ArcSwap<Vec<(Release, Arc<Candidates<L>>)>>,
}

/// What a client says of its release, by where that stands in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Release(usize);

/// A peer that refused a client for its release.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unfit {
    pub(super) peer: u64,
    pub(super) release: Release,
    pub(super) until: std::time::Instant,
}

impl Release {
    pub(super) fn of(said: &'static Said) -> Self {
        Self(std::ptr::from_ref(said).addr())
    }
}

// === View ===

impl<L> View<L> {
    /// Before anything is known.
    pub(super) fn empty() -> Self {
        Self::new(Snapshot::pending(), Arc::default(), Arc::default())
    }

    pub(super) fn new(snapshot: Snapshot, peers: Arc<[Arc<Peer<L>>]>, unfit: Arc<[Unfit]>) -> Self {
        let any = Candidates::of(peers.iter());
        Self {
            snapshot,
            peers,
            unfit,
            any: Arc::new(any),
            fitting: ArcSwap::default(),
        }
    }

    /// Those that a client may call that says `said`.
    pub(super) fn candidates(&self, said: Option<&'static Said>) -> Arc<Candidates<L>> {
        let Some(said) = said else {
            return Arc::clone(&self.any);
        };
        let release = Release::of(said);
        let known = self.fitting.load();
        match known.iter().find(|(known, _)| *known == release) {
            Some((_, candidates)) => Arc::clone(candidates),
            None => self.fit(said, release),
        }
    }

    #[cold]
    fn fit(&self, said: &'static Said, release: Release) -> Arc<Candidates<L>> {
        let refused = |peer: &Peer<L>| {
            let mut unfit = self.unfit.iter();
            unfit.any(|unfit| unfit.peer == peer.number && unfit.release == release)
        };
        let fits =
            |peer: &&Arc<Peer<L>>| peer.endpoint.admits(&said.range).is_ok() && !refused(peer);
        let candidates = Arc::new(Candidates::of(self.peers.iter().filter(fits)));
        self.fitting.rcu(|known| {
            let mut known = Vec::clone(known);
            if !known.iter().any(|(known, _)| *known == release) {
                known.push((release, Arc::clone(&candidates)));
            }
            known
        });
        candidates
    }

    /// Whether a call that says no release could be sent.
    pub(super) fn readiness(&self) -> Choice<()> {
        match self.any.ready.is_empty() {
            false => Choice::Here(()),
            true => self.why_not(&self.any),
        }
    }

    /// Why none of `candidates` can be had.
    pub(super) fn why_not<T>(&self, candidates: &Candidates<L>) -> Choice<T> {
        use crate::discovery::Freshness;
        match &self.snapshot.freshness {
            Freshness::Pending => return Choice::Wait,
            Freshness::Stale { why, .. } if self.peers.is_empty() => {
                return Choice::Nowhere(Nowhere::Unresolved(why.to_string()));
            }
            Freshness::Stale { .. } | Freshness::Fresh => {}
        }
        if self.peers.is_empty() {
            return Choice::Nowhere(Nowhere::Empty);
        }
        if candidates.all.is_empty() {
            return Choice::Nowhere(Nowhere::Unfit(self.releases()));
        }
        let mut last = None;
        for peer in candidates.all.iter() {
            match peer.why_not() {
                None => return Choice::Wait,
                Some(why) => last = Some(why),
            }
        }
        Choice::Nowhere(Nowhere::Unreachable(
            candidates.all.len(),
            last.unwrap_or_default(),
        ))
    }

    /// The releases that there are, each once.
    fn releases(&self) -> Vec<String> {
        let releases = self
            .peers
            .iter()
            .filter_map(|peer| peer.endpoint.release.as_ref());
        let mut releases: Vec<_> = releases
            .map(|release| (release.version.clone(), release.min))
            .collect();
        releases.sort();
        releases.dedup();
        let shown = releases
            .into_iter()
            .map(|(version, min)| format!("{version} (for clients from {min})"));
        shown.collect()
    }
}
