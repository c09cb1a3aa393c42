//! The peers that a call of one kind may go to: canaries by themselves, and those that are near before those that are far.

use std::sync::Arc;

use super::{
    peer::Peer,
    pool::{Ask, Pool, Rule},
    settings::Settings,
};
use crate::{
    discovery::Endpoint,
    policy::{
        balance::{Balancing, Strategy},
        outlier::Pass,
    },
};

/// Peers that a call may go to.
#[derive(Debug)]
pub(super) struct Candidates<L> {
    pub(super) all: Vec<Arc<Peer<L>>>,
    /// How many would be among them, and are to get no calls.
    pub(super) weightless: usize,
    /// The canaries that get a share, and last whoever is none.
    lanes: Box<[Lane<L>]>,
    /// Whether what a call has in common with others decides who gets it.
    keyed: bool,
}

/// Those that share a part of the calls.
#[derive(Debug)]
struct Lane<L> {
    /// Where its part of the calls ends; it begins where that of the one before ends.
    until: f64,
    near: Pool<L>,
    /// The part of its calls that stays near.
    stays: f64,
    far: Pool<L>,
}

// === Candidates ===

impl<L> Candidates<L> {
    pub(super) fn of<'a>(peers: impl Iterator<Item = &'a Arc<Peer<L>>>, settings: &Settings) -> Self
    where
        L: 'a,
    {
        let balancing = &settings.balancing;
        let (all, weightless): (Vec<_>, Vec<_>) = peers
            .cloned()
            .partition(|peer| peer.endpoint.load().weight > 0);
        let mut parts = vec![Vec::new(); balancing.canaries.len() + 1];
        let none = balancing.canaries.len();
        for peer in &all {
            let canary = balancing.canary(version(&peer.endpoint.load()));
            parts[canary.unwrap_or(none)].push(Arc::clone(peer));
        }
        let mut until = 0.0;
        let lanes = parts.into_iter().enumerate().map(|(place, peers)| {
            let canary = balancing.canaries.get(place);
            until += canary.map_or(1.0, |canary| canary.percent / 100.0);
            Lane::of(peers, until, settings)
        });
        Self {
            lanes: lanes.collect(),
            all,
            weightless: weightless.len(),
            keyed: balancing.strategy == Strategy::RingHash,
        }
    }

    /// Whether none of them can be reached.
    pub(super) fn are_away(&self) -> bool {
        self.lanes.iter().all(Lane::is_empty)
    }

    /// One that is well, and not where the call has been, if that can be had; or one that is well; or any.
    pub(super) fn pick(&self, ask: &Ask<'_>) -> Option<(&Arc<Peer<L>>, Pass)> {
        let by = |rule| self.pick_by(&Ask { rule, ..*ask });
        self.pick_by(ask)
            .or_else(|| by(Rule::Well))
            .or_else(|| by(Rule::Any))
    }

    fn pick_by(&self, ask: &Ask<'_>) -> Option<(&Arc<Peer<L>>, Pass)> {
        let others = match &*self.lanes {
            [only] => return only.pick(ask, self.keyed),
            lanes => lanes,
        };
        let draw = draw(ask, self.keyed, 1);
        let drawn = others.iter().find(|lane| draw < lane.until);
        // Where the part of a canary cannot be served by it, all others come before other canaries.
        let found = drawn.and_then(|lane| lane.pick(ask, self.keyed));
        found.or_else(|| {
            let mut others = others.iter().rev();
            others.find_map(|lane| lane.pick(ask, self.keyed))
        })
    }
}

fn version(endpoint: &Endpoint) -> Option<&semver::Version> {
    endpoint.release.as_ref().map(|release| &release.version)
}

/// A number from `[0, 1)`: the same one for calls with the same key, where that counts.
fn draw(ask: &Ask<'_>, keyed: bool, salt: u64) -> f64 {
    match keyed {
        true => {
            let mixed = (ask.key ^ salt.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64
                / (1_u64 << 53) as f64
        }
        false => fastrand::f64(),
    }
}

// === Lane ===

impl<L> Lane<L> {
    fn of(peers: Vec<Arc<Peer<L>>>, until: f64, settings: &Settings) -> Self {
        let (zone, balancing) = (&settings.zone, &settings.balancing);
        let is_near = |peer: &Arc<Peer<L>>| zone.is_empty() || peer.endpoint.load().zone == *zone;
        let (near, far): (Vec<_>, Vec<_>) = peers.into_iter().partition(is_near);
        Self {
            until,
            stays: match far.is_empty() {
                true => 1.0,
                false => stays(&near, balancing),
            },
            near: Pool::of(&near, balancing),
            far: Pool::of(&far, balancing),
        }
    }

    fn is_empty(&self) -> bool {
        self.near.is_empty() && self.far.is_empty()
    }

    fn pick(&self, ask: &Ask<'_>, keyed: bool) -> Option<(&Arc<Peer<L>>, Pass)> {
        let stays = self.stays >= 1.0 || (self.stays > 0.0 && draw(ask, keyed, 2) < self.stays);
        let (first, second) = match stays {
            true => (&self.near, &self.far),
            false => (&self.far, &self.near),
        };
        first.pick(ask).or_else(|| second.pick(ask))
    }
}

/// The part of calls that stays near: all of them while enough of the zone is usable, and then as much less as that is less.
fn stays<L>(near: &[Arc<Peer<L>>], balancing: &Balancing) -> f64 {
    let weigh = |peer: &Arc<Peer<L>>| f64::from(peer.endpoint.load().weight);
    let all: f64 = near.iter().map(weigh).sum();
    let usable = near.iter().filter(|peer| peer.is_usable());
    let usable: f64 = usable.map(weigh).sum();
    match usable > 0.0 {
        true => (usable / all * 100.0 / f64::from(balancing.spill_below).max(1e-9)).min(1.0),
        false => 0.0,
    }
}
