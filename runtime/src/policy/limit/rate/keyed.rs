//! A rate limit for each key, such as a peer or a tenant, in a table of fixed size.
//!
//! A key that has its whole burst free again is idle: what is known of it is nothing, and so its place can be given
//! away without a loss. Where no key in reach is idle, the one that is nearest to it gives its place to a newcomer, who
//! takes its debt over with it: so the table never admits more than its number of places would, however many keys come.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::Instant,
};

use super::{Config, ConfigError, Limited, config::Pace, since};

/// How many places a key may have: it is looked for in all of them.
const WAYS: usize = 8;
/// No key.
const NOBODY: u64 = 0;

/// Bounds how many calls of each key begin in a time.
#[derive(Debug)]
pub struct Keyed {
    origin: Instant,
    pace: Pace,
    places: Box<[Place]>,
    /// Held by whoever gives a place to another key, so that no key has two.
    moving: Mutex<()>,
}

/// One key, and when its next call would be due. A thread that looks at the second while the first is changed counts
/// its call for the newcomer, which only makes the limit stricter.
#[derive(Debug, Default)]
struct Place {
    key: AtomicU64,
    due: AtomicU64,
}

// === Keyed ===

impl Keyed {
    /// How many keys are told apart by default: 64 KiB of them.
    pub const KEYS: usize = 4096;

    /// A limit for each of at most `keys` keys at a time, rounded up to a power of two and at least 8.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong.
    pub fn new(config: Config, keys: usize, now: Instant) -> Result<Self, ConfigError> {
        let keys = keys.clamp(WAYS, 1 << 24).next_power_of_two();
        Ok(Self {
            origin: now,
            pace: Pace::new(config)?,
            places: (0..keys).map(|_| Place::default()).collect(),
            moving: Mutex::new(()),
        })
    }

    /// Asks for leave to begin a call of `key`: a hash whose seed no peer knows, or peers could choose their
    /// neighbours.
    ///
    /// # Errors
    /// [`Limited`] if it is too early for this key, with when to try again.
    pub fn admit(&self, key: u64, now: Instant) -> Result<(), Limited> {
        let now = since(self.origin, now);
        let key = key.max(NOBODY + 1);
        let ways = self.ways(key);
        let place = find(ways, key).unwrap_or_else(|| self.settle(ways, key, now));
        self.pace.admit(&place.due, now)
    }

    /// Changes the rate of all keys while calls come, as [`Rate::reconfigure`](super::Rate::reconfigure) does.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong; then nothing has changed.
    pub fn reconfigure(&self, config: Config, now: Instant) -> Result<(), ConfigError> {
        self.pace.change(config)?;
        let exhausted = self.pace.exhausted(since(self.origin, now));
        for place in &self.places {
            place.due.fetch_min(exhausted, Relaxed);
        }
        Ok(())
    }

    fn ways(&self, key: u64) -> &[Place] {
        let sets = (self.places.len() / WAYS) as u64;
        let first = (key % sets) as usize * WAYS;
        &self.places[first..first + WAYS]
    }

    /// Gives a place to a key that has none.
    #[cold]
    fn settle<'a>(&self, ways: &'a [Place], key: u64, now: u64) -> &'a Place {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have come first.
        if let Some(place) = find(ways, key) {
            return place;
        }
        let debt = |place: &&Place| place.due.load(Relaxed).saturating_sub(now);
        let idlest = ways.iter().min_by_key(debt);
        let place = idlest.unwrap_or(&ways[0]);
        place.key.store(key, Release);
        place
    }
}

#[inline]
fn find(ways: &[Place], key: u64) -> Option<&Place> {
    ways.iter().find(|place| place.key.load(Acquire) == key)
}
