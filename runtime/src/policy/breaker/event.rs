//! Who wants to know that a breaker changed its state, and what they are told.
//!
//! Listeners are called after the change and outside any lock, on the thread whose call caused it: they may ask the
//! breaker anything. Two changes in quick succession may be told by two threads at once; the generation orders them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use super::state::State;
use super::window::Totals;

/// One change of state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The state that was left.
    pub from: State,
    /// The state that was entered; the same as `from` where an observer would have opened or probes are sent anew.
    pub to: State,
    /// The number of the change, counted from 0 when the breaker was made.
    pub generation: u32,
    /// When it happened.
    pub at: Instant,
    /// Why it happened.
    pub cause: Cause,
    /// What the window held just before.
    pub window: Totals,
}

/// Why a breaker changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// Too large a share of calls, or of probes, failed.
    FailureRate,
    /// Too large a share of calls, or of probes, was slow.
    SlowCallRate,
    /// Too many calls in a row failed.
    ConsecutiveFailures,
    /// The wait in the open state was over.
    WaitOver,
    /// Enough probes were good.
    ProbesPassed,
    /// No probe came back in time, so new ones are sent.
    ProbesLost,
    /// Calls enough for a rate were given up, and none had an outcome.
    Abandoned,
    /// Somebody forced the state or reset it.
    Forced,
    /// Somebody isolated the peer, or the last who did so let go.
    Isolated,
    /// The configured mode changed.
    Reconfigured,
}

/// Keeps a listener on a breaker's list for as long as it lives.
#[must_use = "a listener hears nothing once its subscription is dropped"]
pub struct Subscription {
    _listener: Arc<Listener>,
}

type Listener = dyn Fn(&Event) + Send + Sync;

/// The listeners of one breaker.
#[derive(Default)]
pub(super) struct Listeners(Mutex<Vec<Weak<Listener>>>);

// === Subscription ===

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

// === Listeners ===

impl Listeners {
    pub(super) fn add(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        let listener: Arc<Listener> = Arc::new(listener);
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|known| known.strong_count() > 0);
        list.push(Arc::downgrade(&listener));
        Subscription {
            _listener: listener,
        }
    }

    /// Whether anybody listens.
    pub(super) fn has_any(&self) -> bool {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().any(|listener| listener.strong_count() > 0)
    }

    /// Calls every listener; the list is free meanwhile.
    pub(super) fn tell(&self, event: &Event) {
        let listeners: Vec<_> = {
            let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            list.iter().filter_map(Weak::upgrade).collect()
        };
        for listener in listeners {
            listener(event);
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_listen_are_kept_and_those_who_left_make_room() {
        let listeners = Listeners::default();
        let known = || listeners.0.lock().unwrap().len();
        let first = listeners.add(|_| {});
        let second = listeners.add(|_| {});
        assert_eq!(known(), 2);
        drop((first, second));
        assert!(!listeners.has_any());
        let _third = listeners.add(|_| {});
        assert_eq!(known(), 1);
    }
}
