//! What is known of the way to one target, told to whoever waits for it: the state of its connections, and free places.
//!
//! The decisions are [`Connectivity`]'s. Here they get the time, and are told on.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Notify, futures::Notified, watch};

use crate::{
    clock,
    policy::{
        backoff::Backoff,
        connectivity::{Answer, Attempt, Connectivity, Demand, End, State},
    },
};

/// How things stand with one target.
#[derive(Debug)]
pub(super) struct Standing {
    /// Where to, for whoever reads what is told.
    target: String,
    known: Mutex<Known>,
    state: watch::Sender<State>,
    /// Tells that an attempt to connect is over, in the order in which calls came to wait for it.
    changed: Notify,
    /// How many calls wait for a place on any connection.
    waiting: AtomicUsize,
    freed: Notify,
    /// How much slower pings are than they were meant to be.
    slower: AtomicU32,
}

#[derive(Debug)]
struct Known {
    connectivity: Connectivity,
    /// Why the last attempt failed.
    why: String,
}

/// No attempt begins before this time, for this reason.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) until: Instant,
    pub(super) why: String,
}

/// A call in the queue, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a Standing);

// === Standing ===

impl Standing {
    /// No connection to `target` yet.
    pub(super) fn new(target: String, backoff: Backoff) -> Self {
        let known = Known {
            connectivity: Connectivity::new(backoff),
            why: "connections come up and end at once".to_owned(),
        };
        Self {
            target,
            known: Mutex::new(known),
            state: watch::Sender::new(State::Idle),
            changed: Notify::new(),
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
            slower: AtomicU32::new(1),
        }
    }

    /// Asks for a connection; the attempt to make, or none if one is under way.
    ///
    /// # Errors
    /// If a failure is waited out.
    pub(super) fn ask(&self, demand: Demand) -> Result<Option<Attempt>, Rest> {
        self.update(|known| match known.connectivity.ask(demand, clock::now()) {
            Answer::Connect(attempt) => Ok(Some(attempt)),
            Answer::UnderWay => Ok(None),
            Answer::Rest(until) => Err(Rest {
                until,
                why: known.why.clone(),
            }),
            Answer::Never => Err(Rest {
                until: clock::now(),
                why: "the channel is gone".to_owned(),
            }),
        })
    }

    /// How long it is until connecting may be tried again.
    pub(super) fn pause(&self, demand: Demand) -> Duration {
        self.known().connectivity.pause(demand, clock::now())
    }

    /// A connection is up. It is said to have [`ended`](Self::ended) once.
    pub(super) fn up(&self) {
        self.update(|known| known.connectivity.up(clock::now()));
    }

    /// A connection that was up takes no more calls.
    pub(super) fn ended(&self, end: End) {
        self.update(|known| {
            let connectivity = &mut known.connectivity;
            connectivity.ended(end, clock::now(), fastrand::f64());
        });
    }

    /// An attempt is over, and those who wait look for a connection.
    pub(super) fn over(&self, attempt: Attempt) {
        self.update(|known| known.connectivity.over(attempt));
        self.changed.notify_waiters();
    }

    /// An attempt failed, and those who wait hear why.
    pub(super) fn failed(&self, attempt: Attempt, why: String) {
        tracing::debug!(%why, target = %self.target, "cannot connect");
        self.update(|known| {
            let connectivity = &mut known.connectivity;
            connectivity.failed(attempt, clock::now(), fastrand::f64());
            known.why = why;
        });
        self.changed.notify_waiters();
    }

    /// How many times longer than meant the time between two pings is.
    pub(super) fn slower(&self) -> u32 {
        self.slower.load(Ordering::Relaxed)
    }

    /// The server was pinged too often: there is twice the time between pings from the next connection on.
    pub(super) fn slow_down(&self) {
        let slower = self.slower().saturating_mul(2);
        tracing::warn!(target = %self.target, slower, "the server says too_many_pings: pings are sent less often");
        self.slower.store(slower, Ordering::Relaxed);
    }

    /// Nobody will ask any more.
    pub(super) fn shutdown(&self) {
        self.update(|known| known.connectivity.shutdown());
    }

    /// The state, and how it changes.
    pub(super) fn states(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Resolves when an attempt is over after this.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Stands in the queue for a place.
    pub(super) fn stand(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting(self)
    }

    /// A place was given back.
    pub(super) fn free(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.freed.notify_waiters();
        }
    }

    /// Changes what is known, and tells if the state is another one. Under the lock, so that it is told in order.
    fn update<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.known();
        let changed = change(&mut known);
        let state = known.connectivity.state();
        self.state.send_if_modified(|before| {
            let other = *before != state;
            if other {
                tracing::debug!(target = %self.target, from = %before, to = %state, "connections changed their state");
                *before = state;
            }
            other
        });
        changed
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === Waiting ===

impl Waiting<'_> {
    /// Resolves when a place is given back after this.
    pub(super) fn freed(&self) -> Notified<'_> {
        self.0.freed.notified()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
