//! Fault injection: what is done to which calls on purpose, to see whether those who make them can bear it.
//!
//! It decides and does nothing: a [`Config`] says what may happen to the calls of a method and to what share of them, a
//! draw makes of it what happens to one call ([`Injection`]), and [`Faults`] holds what a process has one of: the gate that
//! is shut until somebody opens it, the limit on faults under way, the seed, and the peers that may ask for faults. The
//! shape is gRFC A33's; waiting and failing is the layer's business (`layer::fault`).
//!
//! All of this is absent without the cargo feature `faults`.
//!
//! ```
//! use std::time::Duration;
//! use couplet::{Code, policy::fault::{Config, Wish}};
//!
//! let mut config = Config::default();
//! (config.delay, config.delay_fraction) = (Some(Duration::from_millis(200)), 500_000);
//! (config.abort_status, config.abort_fraction) = (Some(Code::Unavailable), 100_000);
//!
//! // Each fault has its own draw, a number below a million.
//! let mut draws = [499_999, 100_000].into_iter();
//! let injection = config.draw(&Wish::default(), || draws.next().unwrap());
//! assert_eq!(injection.delay, Some(Duration::from_millis(200)));
//! assert_eq!(injection.abort, None);
//! ```

mod config;
mod declared;
mod dice;
mod peers;
mod wish;

use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU32};

use arc_swap::ArcSwap;

pub use self::config::{Config, ConfigError, Injection, MILLION, Rule};
pub use self::peers::{Peers, PeersError};
pub use self::wish::Wish;

use self::dice::Dice;
use crate::{call::Peer, policy::counter::Counter};

/// What a process has one of for all its injected faults.
#[derive(Debug)]
pub struct Faults {
    on: AtomicBool,
    active: AtomicU32,
    dice: Dice,
    peers: ArcSwap<Peers>,
    counts: Counts,
}

/// What was injected so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls to which something was done.
    pub injected: Counter,
    /// Calls to which nothing was done because enough faults were under way.
    pub at_limit: Counter,
}

/// One call's share of the faults under way. Given back when it is dropped.
#[derive(Debug)]
#[must_use = "a fault without its permit is under way without being counted"]
pub struct Permit(Arc<Faults>);

// === Faults ===

impl Faults {
    /// Shut, with no peer that may ask for faults. The same seed and the same order of calls give the same faults.
    pub fn new(seed: u64) -> Self {
        Self {
            on: AtomicBool::new(false),
            active: AtomicU32::new(0),
            dice: Dice::new(seed),
            peers: ArcSwap::from_pointee(Peers::default()),
            counts: Counts::default(),
        }
    }

    /// Lets faults happen from now on, or no more. What is under way goes on.
    pub fn turn(&self, on: bool) {
        self.on.store(on, Relaxed);
    }

    /// Whether faults happen.
    #[inline]
    pub fn are_on(&self) -> bool {
        self.on.load(Relaxed)
    }

    /// Begins the draws anew.
    pub fn seed(&self, seed: u64) {
        self.dice.seed(seed);
    }

    /// Lets these peers of a server ask for faults by headers, and no others.
    pub fn allow(&self, peers: Peers) {
        self.peers.store(Arc::new(peers));
    }

    /// Whether this peer of a server may ask for faults; none is a caller in the same process.
    pub fn allows(&self, peer: Option<&Peer>) -> bool {
        self.peers.load().contain(peer)
    }

    /// Draws what is done to a call that may get what `config` says: nothing, most of the time.
    pub fn draw(self: &Arc<Self>, config: &Config, wish: &Wish) -> Option<(Injection, Permit)> {
        let mut roll = self.dice.roll();
        let injection = config.draw(wish, || roll.below_a_million());
        if injection.is_nothing() {
            return None;
        }
        let Some(permit) = self.permit(config.max_active_faults) else {
            self.counts.at_limit.add();
            return None;
        };
        self.counts.injected.add();
        Some((injection, permit))
    }

    /// How many faults are under way.
    pub fn active(&self) -> u32 {
        self.active.load(Relaxed)
    }

    /// What was injected so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    fn permit(self: &Arc<Self>, most: u32) -> Option<Permit> {
        let more = |active: u32| (active < most).then(|| active + 1);
        self.active.fetch_update(AcqRel, Acquire, more).ok()?;
        Some(Permit(Arc::clone(self)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, AcqRel);
    }
}

#[cfg(test)]
mod tests;
