//! Breakers by key, so that those who call the same thing share what is known of it, also after all of them were gone.
//!
//! Not on the path of a call: who calls often asks once and keeps the breaker. What nobody has kept for a while, and has
//! nothing to remember, is forgotten, so that keys that come and go fill no memory.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::{Breaker, Config, ConfigError, Handle, Scope, State};
use crate::call::{Method, Minimum};
use crate::policy::sync::{Mutex, MutexGuard};

/// How often a registry that is not full looks for what it can forget.
const SWEEP: Duration = Duration::from_secs(60);

/// Breakers by key. The default keeps 4,096 of them, and those that nobody keeps for 10 minutes.
///
/// A breaker is forgotten only if nobody else holds it (a permit that outlives its caller, a [`Handle`], a subscription,
/// a layer), it is closed, and its window is empty. While all that are kept are needed, a further key gets a breaker that
/// is not shared.
#[derive(Debug)]
pub struct Registry {
    limit: usize,
    idle: Duration,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    breakers: HashMap<String, Entry>,
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    breaker: Arc<Breaker>,
    /// When it was first seen that nobody holds it.
    free_since: Option<Instant>,
}

// === Registry ===

impl Default for Registry {
    fn default() -> Self {
        Self::new(4_096, Duration::from_secs(600))
    }
}

impl Registry {
    /// Keeps up to `limit` breakers, and one that nobody holds for at least `idle`.
    pub fn new(limit: usize, idle: Duration) -> Self {
        Self {
            limit,
            idle,
            entries: Mutex::default(),
        }
    }

    /// What `method` at `target` shares its breaker with, as a key: by [`Config::scope`] the target and path of the method,
    /// the target and name of the service, or the target alone.
    ///
    /// Two releases of a service have two keys, such as `host:1/movies.v1.Movies/GetMovie 1.4`: a server may answer each by
    /// an implementation of its own, and one that is sick says nothing of the other. Each has its own contract's settings,
    /// too.
    pub fn key(scope: Scope, target: &str, method: &Method) -> String {
        let service = method.service;
        let place = match scope {
            Scope::Method => format!("{target}{}", method.path),
            Scope::Service => format!("{target}/{}", service.name),
            Scope::Target => return target.to_owned(),
        };
        if !service.is_versioned() {
            return place;
        }
        let release = Minimum::of(&service.release().server.range.version);
        format!("{place} {release}")
    }

    /// The breaker of `key`. One that is there already goes by `config` from now on; a new one has its jitter from `seed`.
    ///
    /// # Errors
    /// The first parameter that [`Config::validate`] finds wrong.
    pub fn breaker(
        &self,
        key: &str,
        config: Config,
        now: Instant,
        seed: u64,
    ) -> Result<Arc<Breaker>, ConfigError> {
        let mut entries = self.entries();
        if let Some(entry) = entries.breakers.get_mut(key) {
            let breaker = Arc::clone(&entry.breaker);
            entry.free_since = None;
            // Listeners are told of a change, and may ask the registry.
            drop(entries);
            if *breaker.config() != config {
                breaker.reconfigure(config, now)?;
            }
            return Ok(breaker);
        }
        let breaker = Arc::new(Breaker::new(config, now, seed)?);
        entries.sweep(now, self.idle, self.limit);
        if entries.breakers.len() < self.limit {
            let entry = Entry {
                breaker: Arc::clone(&breaker),
                free_since: None,
            };
            entries.breakers.insert(key.to_owned(), entry);
        }
        Ok(breaker)
    }

    /// The handle of the breaker with this key, if there is one.
    pub fn handle(&self, key: &str) -> Option<Handle> {
        let entries = self.entries();
        let entry = entries.breakers.get(key)?;
        Some(Handle::new(Arc::clone(&entry.breaker)))
    }

    /// The keys of all breakers, in no order.
    pub fn keys(&self) -> Vec<String> {
        self.entries().breakers.keys().cloned().collect()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === Entries ===

impl Entries {
    /// Forgets what is needed no longer: now and then, and when there is no room.
    fn sweep(&mut self, now: Instant, idle: Duration, limit: usize) {
        let waited = |since: Instant| now.saturating_duration_since(since);
        let full = self.breakers.len() >= limit;
        if !full && self.swept.is_some_and(|swept| waited(swept) < SWEEP) {
            return;
        }
        self.swept = Some(now);
        self.breakers.retain(|_, entry| {
            if !entry.is_free(now) {
                entry.free_since = None;
                return true;
            }
            waited(*entry.free_since.get_or_insert(now)) < idle
        });
    }
}

impl Entry {
    /// Whether nobody holds the breaker and it has nothing to remember. Who asks holds the registry's lock, and nobody else
    /// could begin to hold it.
    fn is_free(&self, now: Instant) -> bool {
        let window = self.breaker.counts(now).window;
        Arc::strong_count(&self.breaker) == 1
            && self.breaker.state() == State::Closed
            && window.calls + window.abandoned == 0
            && !self.breaker.listeners.has_any()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{breaker, call};
    use super::*;
    use crate::call::Service;
    use crate::fixture::{ECHO, ECHO_2, UNVERSIONED};
    use crate::policy::breaker::Verdict;

    const IDLE: Duration = Duration::from_secs(600);

    fn get(registry: &Registry, key: &str, now: Instant) -> Arc<Breaker> {
        registry
            .breaker(key, Config::default(), now, 1)
            .expect("the defaults are valid")
    }

    fn now() -> Instant {
        breaker(|_| {}).1
    }

    #[test]
    fn one_key_is_one_breaker_which_goes_by_what_was_said_last() {
        let (registry, now) = (Registry::default(), now());
        let first = get(&registry, "a", now);
        let strict = Config {
            consecutive_failures: 1,
            ..Config::default()
        };
        let second = registry.breaker("a", strict, now, 2).expect("valid");
        assert!(Arc::ptr_eq(&first, &second));
        call(&first, now, Verdict::Failure);
        assert_eq!(
            registry.handle("a").map(|handle| handle.state()),
            Some(State::Open)
        );
        assert!(registry.handle("b").is_none());
    }

    #[test]
    fn what_is_shared_follows_the_scope() {
        let key = |scope, method: usize| Registry::key(scope, "host:1", &ECHO.methods[method]);
        assert_eq!(key(Scope::Method, 0), "host:1/test.Echo/Say 1.4");
        assert_eq!(key(Scope::Method, 1), "host:1/test.Echo/Repeat 1.4");
        assert_eq!(key(Scope::Service, 0), key(Scope::Service, 1));
        assert_eq!(key(Scope::Service, 0), "host:1/test.Echo 1.4");
        assert_eq!(key(Scope::Target, 1), "host:1");
    }

    /// A server may answer one release by what converts to another, and only one of them is sick.
    #[test]
    fn releases_of_a_service_share_no_breaker_but_that_of_their_target() {
        let key =
            |scope, service: &'static Service| Registry::key(scope, "host:1", &service.methods[0]);
        for scope in [Scope::Method, Scope::Service] {
            assert_ne!(key(scope, &ECHO), key(scope, &ECHO_2));
        }
        assert_eq!(key(Scope::Target, &ECHO), key(Scope::Target, &ECHO_2));
        let unversioned = key(Scope::Method, &UNVERSIONED);
        assert_eq!(unversioned, "host:1/test.Echo/Say");
    }

    /// Seen in seatbelt (partitions never evicted).
    #[test]
    fn keys_that_nobody_needs_are_forgotten_after_a_while_and_never_more_than_the_limit_kept() {
        let (registry, t0) = (Registry::new(100, IDLE), now());
        (0..100).for_each(|key| drop(get(&registry, &key.to_string(), t0)));
        // Too soon to forget any: the next one is for itself.
        drop(get(&registry, "late", t0 + SWEEP));
        assert_eq!(registry.keys().len(), 100);
        assert!(registry.handle("late").is_none());
        drop(get(&registry, "later", t0 + SWEEP + IDLE));
        assert_eq!(registry.keys(), ["later"]);
    }

    #[test]
    fn where_there_is_no_room_it_looks_at_once_for_what_can_go() {
        let (registry, t0) = (Registry::new(2, Duration::from_secs(1)), now());
        for key in ["a", "b", "c"] {
            drop(get(&registry, key, t0));
        }
        assert!(registry.handle("c").is_none());
        drop(get(&registry, "d", t0 + Duration::from_secs(1)));
        assert_eq!(registry.keys(), ["d"]);
    }

    #[test]
    fn a_breaker_that_remembers_calls_that_were_given_up_is_kept() {
        let breaker = breaker(|_| {});
        let (entry, now) = (
            Entry {
                breaker: breaker.0,
                free_since: None,
            },
            breaker.1,
        );
        assert!(entry.is_free(now));
        entry.breaker.admit(now).expect("a call").abandon(now);
        assert_eq!(entry.breaker.counts(now).window.abandoned, 1);
        assert!(!entry.is_free(now));
    }

    /// The wedge suite's `key evicted with a permit out`.
    #[test]
    fn what_is_held_or_remembers_something_stays() {
        let (registry, t0) = (Registry::new(100, IDLE), now());
        let permit = get(&registry, "permit", t0)
            .admit_owned(t0)
            .expect("a call");
        drop(get(&registry, "handle", t0));
        let handle = registry.handle("handle");
        drop(get(&registry, "heard", t0));
        let heard = registry
            .handle("heard")
            .map(|handle| handle.subscribe(|_| {}));
        get(&registry, "forced", t0).force(t0, State::ForcedOpen);
        drop(get(&registry, "idle", t0));
        let sweep = |minutes: u64| {
            let now = t0 + Duration::from_secs(60 * minutes);
            drop(get(&registry, &format!("at {minutes}"), now));
            let mut keys = registry.keys();
            keys.retain(|key| !key.starts_with("at "));
            keys.sort();
            keys
        };
        sweep(1);
        assert_eq!(sweep(12), ["forced", "handle", "heard", "permit"]);
        let window = Duration::from_secs(60 * 13);
        permit.complete(t0 + window, Verdict::Failure);
        drop((handle, heard));
        sweep(14);
        assert_eq!(sweep(25), ["forced"]);
    }
}
