//! The connections to one target: which of them takes the next call, and when another one is opened.
//!
//! A call takes the connection with the fewest calls. A busy one makes another come up beside it; a full one makes the
//! call wait for that, or for a place. Without any, the call waits for the first, or fails at once while a failed attempt is waited out,
//! as gRPC has it for calls that do not wait for ready.
//!
//! ```text
//!            call, none open              attempt fails
//!   idle ───────────────────▶ connecting ───────────────▶ backing off ──┐
//!    ▲  └────────────────────────┬─▲──────────────────────────────◀─────┘ call, time is over
//!    └── all connections gone ── up (1 to max_connections)
//! ```

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{sync::Notify, time::Instant};
use tonic::Status;

use super::{
    connection::{Connection, Lease, Queue},
    dial::Dial,
};
use crate::{call::Mark, policy::backoff::Backoff};

/// From how many calls on a connection another one is worth opening.
const BUSY: usize = 100;

/// How often one call waits for a connection that is gone again when it gets there.
const PATIENCE: usize = 3;

/// The connections to one target.
#[derive(Debug)]
pub(super) struct Pool {
    dial: Dial,
    backoff: Backoff,
    most: usize,
    open: ArcSwap<Vec<Arc<Connection>>>,
    state: Mutex<State>,
    /// Tells that an attempt to connect is over, in the order in which calls came to wait for it.
    changed: Notify,
    queue: Arc<Queue>,
}

#[derive(Debug, Default)]
struct State {
    connecting: bool,
    failures: u32,
    failed: Option<Failed>,
}

/// The last attempt failed.
#[derive(Debug)]
struct Failed {
    until: Instant,
    why: String,
}

/// Where a call can go.
enum Pick {
    /// Here.
    Free(Lease),
    /// Here, but another connection would be good.
    Busy(Lease),
    /// Nowhere without waiting.
    Full(Arc<Connection>),
    /// There is no connection.
    Nowhere,
}

// === Pool ===

impl Pool {
    /// No connection yet.
    pub(super) fn new(dial: Dial, backoff: Backoff, most: usize) -> Arc<Self> {
        Arc::new(Self {
            dial,
            backoff,
            most: most.max(1),
            open: ArcSwap::default(),
            state: Mutex::default(),
            changed: Notify::new(),
            queue: Arc::default(),
        })
    }

    /// A place for one call.
    ///
    /// # Errors
    /// UNAVAILABLE, marked as unprocessed, with the reason why there is no connection.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, Status> {
        match self.pick() {
            Pick::Free(lease) => Ok(lease),
            Pick::Busy(lease) => {
                self.grow();
                Ok(lease)
            }
            Pick::Full(_) | Pick::Nowhere => self.wait().await,
        }
    }

    /// Returns once no connection is open.
    pub(super) async fn lost(&self) {
        loop {
            let mut ended = pin!(self.queue.ended());
            // Enabled before looking, so that nothing is missed.
            ended.as_mut().enable();
            if self.live() == 0 {
                return;
            }
            ended.await;
        }
    }

    /// How long it is until connecting may be tried again.
    pub(super) fn pause(&self) -> Duration {
        let state = self.state();
        let until = state.failed.as_ref().map(|failed| failed.until);
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    async fn wait(self: &Arc<Self>) -> Result<Lease, Status> {
        let waiting = self.queue.stand();
        let mut attempts = 0;
        while attempts < PATIENCE {
            let mut changed = pin!(self.changed.notified());
            let mut freed = pin!(waiting.freed());
            // Enabled before looking, so that nothing is missed.
            changed.as_mut().enable();
            freed.as_mut().enable();
            match self.pick() {
                Pick::Free(lease) => return Ok(lease),
                Pick::Busy(lease) => {
                    self.grow();
                    return Ok(lease);
                }
                Pick::Full(connection) if !self.grow() => return Ok(connection.queue()),
                Pick::Full(_) => {}
                Pick::Nowhere => self.connect().map_err(|why| self.unreachable(&why))?,
            }
            tokio::select! {
                // By order and not by chance, so that a simulation can be repeated.
                biased;
                () = changed => attempts += 1,
                () = freed => {}
            }
        }
        Err(self.unreachable("connections come up and end at once"))
    }

    fn pick(&self) -> Pick {
        let open = self.open.load();
        while let Some(least) = least(&open) {
            let free = least.lease(BUSY);
            let busy = free.is_none();
            let Some(mut lease) = free.or_else(|| least.lease(usize::MAX)) else {
                return Pick::Full(Arc::clone(least));
            };
            match (lease.is_alive(), busy) {
                (false, _) => {}
                (true, false) => return Pick::Free(lease),
                (true, true) => return Pick::Busy(lease),
            }
        }
        Pick::Nowhere
    }

    /// Sees to it that another connection is coming up; whether one is.
    fn grow(self: &Arc<Self>) -> bool {
        self.live() < self.most && self.connect().is_ok()
    }

    fn live(&self) -> usize {
        let open = self.open.load();
        open.iter()
            .filter(|connection| connection.is_open())
            .count()
    }

    /// Sees to it that a connection is coming up.
    fn connect(self: &Arc<Self>) -> Result<(), String> {
        let mut state = self.state();
        if state.connecting {
            return Ok(());
        }
        if let Some(failed) = &state.failed
            && Instant::now() < failed.until
        {
            return Err(failed.why.clone());
        }
        state.connecting = true;
        drop(state);
        let attempt = Attempt(Arc::clone(self));
        tokio::spawn(async move {
            let outcome = attempt.0.dial.connect(Arc::clone(&attempt.0.queue)).await;
            attempt.0.conclude(outcome);
        });
        Ok(())
    }

    fn conclude(&self, outcome: Result<Connection, String>) {
        let mut state = self.state();
        match outcome {
            Ok(connection) => {
                (state.failures, state.failed) = (0, None);
                let mut open = Vec::clone(&self.open.load());
                open.retain(|connection| connection.is_open());
                open.push(Arc::new(connection));
                self.open.store(Arc::new(open));
            }
            Err(why) => {
                tracing::debug!(%why, target = %self.dial.target.authority, "cannot connect");
                let wait = self.backoff.wait(state.failures, fastrand::f64());
                state.failures = state.failures.saturating_add(1);
                state.failed = Some(Failed {
                    until: Instant::now() + wait,
                    why,
                });
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unreachable(&self, why: &str) -> Status {
        let target = &self.dial.target;
        Mark::Unprocessed.on(Status::unavailable(format!(
            "cannot connect to {}://{}: {why}",
            target.scheme, target.authority
        )))
    }
}

/// The open connection with the fewest calls.
fn least(all: &[Arc<Connection>]) -> Option<&Arc<Connection>> {
    all.iter()
        .filter(|connection| connection.is_open())
        .min_by_key(|connection| connection.calls())
}

// === Attempt ===

/// An attempt to connect; over when dropped, even if its runtime ended under it.
struct Attempt(Arc<Pool>);

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.state().connecting = false;
        self.0.changed.notify_waiters();
    }
}
