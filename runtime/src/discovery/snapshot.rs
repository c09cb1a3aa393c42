//! What is known about a name at one moment: all of its endpoints, and whether that is still so.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use tokio::time::Instant;

use super::Endpoint;

/// All endpoints of a name. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The endpoints. One that did not change is the same one from snapshot to snapshot.
    pub endpoints: Arc<[Arc<Endpoint>]>,
    /// Whether they are known to be there.
    pub freshness: Freshness,
}

/// Whether what a snapshot says is known to be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// Nobody has answered yet.
    Pending,
    /// It is what the source says.
    Fresh,
    /// The source cannot be asked: it is what it said last, or nothing if it never did.
    Stale {
        /// Since when.
        since: Instant,
        /// Why: names the source.
        why: Arc<str>,
    },
}

// === Snapshot ===

impl Snapshot {
    /// Before anybody has answered.
    pub fn pending() -> Self {
        Self {
            endpoints: Arc::default(),
            freshness: Freshness::Pending,
        }
    }

    /// Whether the source answers.
    pub fn is_fresh(&self) -> bool {
        self.freshness == Freshness::Fresh
    }

    /// Why the source cannot be asked, if it cannot.
    pub fn trouble(&self) -> Option<&Arc<str>> {
        match &self.freshness {
            Freshness::Stale { why, .. } => Some(why),
            Freshness::Pending | Freshness::Fresh => None,
        }
    }

    /// The same, with `endpoints` now. Those that it knows already stay the same ones; of two at one address, the last
    /// counts.
    pub(super) fn updated(&self, endpoints: Vec<Endpoint>) -> Self {
        let known: HashMap<&str, &Arc<Endpoint>> = self
            .endpoints
            .iter()
            .map(|endpoint| (endpoint.address.as_str(), endpoint))
            .collect();
        let mut places = HashMap::new();
        let mut all: Vec<Arc<Endpoint>> = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            let same = known.get(endpoint.address.as_str());
            let endpoint = match same.filter(|known| ****known == endpoint) {
                Some(known) => Arc::clone(known),
                None => Arc::new(endpoint),
            };
            match places.entry(endpoint.address.clone()) {
                Entry::Occupied(place) => {
                    all[*place.get()] = endpoint;
                }
                Entry::Vacant(place) => {
                    place.insert(all.len());
                    all.push(endpoint);
                }
            }
        }
        Self {
            endpoints: all.into(),
            freshness: Freshness::Fresh,
        }
    }

    /// Whether the endpoints of `other` are the very ones of this.
    pub(super) fn has_those_of(&self, other: &Self) -> bool {
        self.endpoints.len() == other.endpoints.len()
            && self
                .endpoints
                .iter()
                .zip(&*other.endpoints)
                .all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// The same endpoints, of a source that cannot be asked any more.
    pub(super) fn stale(&self, why: Arc<str>) -> Self {
        let since = match &self.freshness {
            Freshness::Stale { since, .. } => *since,
            Freshness::Pending | Freshness::Fresh => Instant::now(),
        };
        Self {
            endpoints: Arc::clone(&self.endpoints),
            freshness: Freshness::Stale { since, why },
        }
    }
}
