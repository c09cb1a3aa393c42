//! Outlier ejection: stops using the endpoints of a target that fail while the others do not (gRFC A50).
//!
//! ```text
//!                    a sweep finds it far worse than the others
//!   ┌──────┐ ───────────────────────────────────────────────────▶ ┌─────────┐
//!   │ used │                                                      │ ejected │
//!   └──────┘ ◀─────────────────────────────────────────────────── └─────────┘
//!                 a sweep after base time × ejections in a row
//! ```
//! Two things keep calls from an endpoint. A *sweep*, every interval, holds the endpoints against each other and ejects the
//! worst, but never more than a share of them. Between sweeps each endpoint has a [`Gate`] that failures in a row shut at
//! once. Neither may take a whole target away: with too few endpoints left, both are ignored (Envoy's panic threshold).
//!
//! It is no breaker, which stops calls to a method whoever answers it, and no balancer, which chooses among what is
//! usable: a balancer asks [`Endpoint::admit`], tells the [`Pass`] how the call ended, and calls [`Outlier::sweep`] when
//! it is [due](Outlier::due). An ejected endpoint keeps its connection.
//!
//! ```
//! use std::time::Instant;
//! use couplet::policy::outlier::{Action, Config, FailurePercentage, Outcome, Outlier};
//!
//! let mut config = Config::default();
//! config.failure_percentage_ejection = Some(FailurePercentage { minimum_hosts: 2, request_volume: 5, ..Default::default() });
//! config.gate = None;
//! let start = Instant::now();
//! let outlier = Outlier::new(config, start, 7)?;
//! let endpoints = outlier.update(["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]);
//!
//! // The first fails all of its calls, the others none ...
//! for (endpoint, outcome) in endpoints.iter().zip([Outcome::Failure, Outcome::Success, Outcome::Success]) {
//!     for _ in 0..5 {
//!         endpoint.admit(start).unwrap().complete(start, outcome);
//!     }
//! }
//! // ... so the next sweep ejects it.
//! let events = outlier.sweep(start + outlier.config().interval, || 0.5);
//! assert!(matches!(events[0].action, Action::Ejected { .. }));
//! assert!(endpoints[0].admit(start).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod endpoint;
mod event;
mod gate;
mod sweep;

use std::collections::HashMap;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub use self::config::{Config, ConfigError, FailurePercentage, Gate, Outcome, SuccessRate};
pub use self::endpoint::{Endpoint, Tally};
pub use self::event::{Action, DetectionMethod, Event, UnenforcedReason};
pub use self::gate::Pass;

use self::endpoint::Shared;
use self::sweep::{Entry, Sweep};

/// The endpoints of one target, and what is known about each.
#[derive(Debug)]
pub struct Outlier {
    shared: Arc<Shared>,
    origin: Instant,
    list: Mutex<List>,
}

/// Held by whoever sweeps or changes what is swept; calls do without.
#[derive(Debug)]
struct List {
    entries: Vec<Entry>,
    /// Since when the interval runs.
    since: Instant,
    seed: u64,
}

/// What is known about the endpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Whether so few can be used that all are.
    pub panics: bool,
    /// The endpoints, in the order of the last update.
    pub endpoints: Vec<Standing>,
}

/// What is known about one endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its name.
    pub name: Arc<str>,
    /// Whether a sweep has ejected it.
    pub ejected: bool,
    /// Whether its gate is shut.
    pub shut: bool,
    /// What the time of its ejection is multiplied by, or would have to grow by one for the next.
    pub multiplier: u32,
    /// Its calls in the interval that was swept last.
    pub last: Tally,
}

// === Outlier ===

impl Outlier {
    /// Knows no endpoint yet. `seed` is where the jitter of gates comes from: give every target another.
    ///
    /// # Errors
    /// The first parameter that [`Config::validate`] finds wrong.
    pub fn new(config: Config, now: Instant, seed: u64) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            shared: Arc::new(Shared::new(config)),
            origin: now,
            list: Mutex::new(List {
                entries: Vec::new(),
                since: now,
                seed,
            }),
        })
    }

    /// Makes these the endpoints, and gives a handle to each, in this order. What is known of an endpoint stays with its
    /// name; a name that goes and comes back is new. A name that is there twice is one endpoint.
    pub fn update<N: Into<Arc<str>>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Vec<Arc<Endpoint>> {
        let mut list = self.list();
        let known = list.entries.drain(..);
        let mut known: HashMap<Arc<str>, Entry> = known
            .map(|entry| (Arc::clone(entry.endpoint.name()), entry))
            .collect();
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        let mut handles = Vec::new();
        for name in names {
            let name = name.into();
            let place = *places.entry(Arc::clone(&name)).or_insert_with(|| {
                let entry = known.remove(&name);
                let entry = entry.unwrap_or_else(|| self.newcomer(name, &mut list.seed));
                list.entries.push(entry);
                list.entries.len() - 1
            });
            handles.push(Arc::clone(&list.entries[place].endpoint));
        }
        for gone in known.into_values() {
            gone.endpoint.remove();
        }
        self.shared.total.store(list.entries.len(), Release);
        handles
    }

    fn newcomer(&self, name: Arc<str>, seed: &mut u64) -> Entry {
        *seed = seed.wrapping_add(1);
        let shared = Arc::clone(&self.shared);
        Entry::new(Arc::new(Endpoint::new(name, self.origin, *seed, shared)))
    }

    /// Does an interval's work: judges every endpoint by the calls since the last sweep. Says what it did, and what it
    /// would have done.
    ///
    /// `random` gives numbers from `[0, 1)`, for enforcement percentages and jitter.
    pub fn sweep(&self, now: Instant, random: impl FnMut() -> f64) -> Vec<Event> {
        let mut list = self.list();
        let config = self.shared.config.load_full();
        list.since = now;
        if config.is_inert() {
            return Vec::new();
        }
        let sweep = Sweep {
            config: &config,
            now,
            random,
            entries: &mut list.entries,
            events: Vec::new(),
        };
        sweep.run()
    }

    /// When the next sweep should be; none while nothing would ever be ejected, or if that is beyond all time.
    pub fn due(&self) -> Option<Instant> {
        let list = self.list();
        let config = self.shared.config.load();
        if config.is_inert() {
            return None;
        }
        list.since.checked_add(config.pause())
    }

    /// Lives by `config` from now on. A changed interval counts from the last sweep; what is ejected stays so, unless
    /// nothing is to be ejected any more: then all return, and what was counted is forgotten.
    ///
    /// # Errors
    /// The first parameter that [`Config::validate`] finds wrong; then nothing changes.
    pub fn reconfigure(&self, config: Config, now: Instant) -> Result<Vec<Event>, ConfigError> {
        config.validate()?;
        let mut list = self.list();
        let (inert, gated) = (config.is_inert(), config.gate().is_some());
        let starts = self.shared.config.load().is_inert() && !inert;
        self.shared.config.store(Arc::new(config));
        self.shared.counting.store(!inert, Relaxed);
        if starts {
            list.since = now;
        }
        let mut events = Vec::new();
        for entry in &mut list.entries {
            if inert && entry.reset() {
                events.push(entry.event(Action::Returned));
            }
            if !gated {
                entry.endpoint.open();
            }
        }
        Ok(events)
    }

    /// The parameters that it lives by.
    pub fn config(&self) -> Arc<Config> {
        self.shared.config.load_full()
    }

    /// Whether so few endpoints can be used that ejections and gates are ignored.
    pub fn panics(&self) -> bool {
        self.shared.panics()
    }

    /// What is known about the endpoints.
    pub fn snapshot(&self) -> Snapshot {
        let list = self.list();
        let standing = |entry: &Entry| Standing {
            name: Arc::clone(entry.endpoint.name()),
            ejected: entry.endpoint.is_ejected(),
            shut: entry.endpoint.is_shut(),
            multiplier: entry.multiplier,
            last: entry.last,
        };
        Snapshot {
            panics: self.panics(),
            endpoints: list.entries.iter().map(standing).collect(),
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        // A panic in the random numbers of a sweep can leave it half done, which the next sweep mends.
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
