//! The peers that a call of one kind may go to, and those of them that can be reached.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use super::peer::Peer;
use crate::{call::Tried, policy::outlier::Pass};

/// How many pairs are drawn until one is looked for in order.
const DRAWS: usize = 3;

/// Peers that a call may go to.
#[derive(Debug)]
pub(super) struct Candidates<L> {
    pub(super) all: Vec<Arc<Peer<L>>>,
    /// Those that can be reached.
    pub(super) ready: Vec<Arc<Peer<L>>>,
    next: AtomicUsize,
}

impl<L> Candidates<L> {
    pub(super) fn of<'a>(peers: impl Iterator<Item = &'a Arc<Peer<L>>>) -> Self
    where
        L: 'a,
    {
        let all: Vec<_> = peers
            .filter(|peer| peer.endpoint.weight > 0)
            .cloned()
            .collect();
        let ready = all.iter().filter(|peer| peer.is_ready()).cloned().collect();
        Self {
            all,
            ready,
            next: AtomicUsize::new(0),
        }
    }

    /// One that is well, and not where the call has been, if that can be had.
    pub(super) fn pick(&self, tried: &Tried, now: Instant) -> Option<(&Arc<Peer<L>>, Pass)> {
        if self.ready.is_empty() {
            return None;
        }
        let fresh = |peer: &Arc<Peer<L>>| !tried.contains(peer.number);
        for _ in 0..DRAWS {
            let peer = self.less_busy(now);
            if fresh(peer)
                && let Some(pass) = peer.health.admit(now)
            {
                return Some((peer, pass));
            }
        }
        self.in_order(fresh, now)
            .or_else(|| self.in_order(|_| true, now))
    }

    /// Power of two choices: the less busy one of two that are drawn.
    fn less_busy(&self, now: Instant) -> &Arc<Peer<L>> {
        let ready = &self.ready;
        if ready.len() == 1 {
            return &ready[0];
        }
        let one = fastrand::usize(..ready.len());
        let other = (one + fastrand::usize(1..ready.len())) % ready.len();
        let (one, other) = (&ready[one], &ready[other]);
        let cost = |peer: &Peer<L>| peer.load.cost(now) / f64::from(peer.endpoint.weight);
        if cost(one) <= cost(other) { one } else { other }
    }

    /// The first that is well, from another place each time.
    #[cold]
    fn in_order(
        &self,
        fits: impl Fn(&Arc<Peer<L>>) -> bool,
        now: Instant,
    ) -> Option<(&Arc<Peer<L>>, Pass)> {
        let start = self.next.fetch_add(1, Relaxed) % self.ready.len();
        let (before, from) = self.ready.split_at(start);
        let mut peers = from.iter().chain(before).filter(|peer| fits(peer));
        peers.find_map(|peer| Some((peer, peer.health.admit(now)?)))
    }
}
