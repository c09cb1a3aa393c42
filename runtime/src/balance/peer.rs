//! One endpoint as a client sees it: the way there, whether it is open, and how busy and how well it is.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;

use super::load::Load;
use crate::{
    discovery::Endpoint,
    policy::{connectivity::State, outlier},
};

/// One endpoint of a target.
#[derive(Debug)]
pub(super) struct Peer<L> {
    /// Another one for each peer of this process: what a call remembers of where it has been.
    pub(super) number: u64,
    /// What discovery says of it; its address never changes.
    pub(super) endpoint: ArcSwap<Endpoint>,
    pub(super) link: L,
    pub(super) load: Load,
    pub(super) health: Arc<outlier::Endpoint>,
    origin: Instant,
    /// Since when calls can go there, in nanoseconds since the origin and at least 1; 0 while they cannot.
    since: AtomicU64,
    /// Why calls cannot go there, until they can.
    failure: Mutex<Option<String>>,
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

impl<L> Peer<L> {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        link: L,
        health: Arc<outlier::Endpoint>,
        now: Instant,
    ) -> Self {
        Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            endpoint: ArcSwap::new(endpoint),
            link,
            load: Load::new(now),
            health,
            origin: now,
            since: AtomicU64::new(0),
            failure: Mutex::default(),
        }
    }

    /// Whether a call can go there at once.
    #[inline]
    pub(super) fn is_ready(&self) -> bool {
        self.since.load(Ordering::Acquire) != 0
    }

    /// Whether a call can go there at once, and is likely to be served well.
    pub(super) fn is_usable(&self) -> bool {
        self.is_ready() && !self.health.is_ejected() && !self.health.is_shut()
    }

    /// How long calls have been able to go there.
    pub(super) fn age(&self, now: Instant) -> Duration {
        let since = Duration::from_nanos(self.since.load(Ordering::Acquire));
        now.saturating_duration_since(self.origin)
            .saturating_sub(since)
    }

    /// A connection came up.
    pub(super) fn up(&self, now: Instant) {
        *self.failure() = None;
        let since = now.saturating_duration_since(self.origin).as_nanos();
        let since = u64::try_from(since).unwrap_or(u64::MAX).max(1);
        self.since.store(since, Ordering::Release);
    }

    /// The last connection is gone.
    pub(super) fn down(&self) {
        self.since.store(0, Ordering::Release);
    }

    /// Calls cannot go there, for this reason.
    pub(super) fn fail(&self, why: String) {
        self.down();
        *self.failure() = Some(why);
    }

    /// No way is kept open there.
    pub(super) fn rest(&self) {
        self.down();
        *self.failure() = None;
    }

    /// What can be said of the way there.
    pub(super) fn state(&self, asleep: bool) -> State {
        match asleep {
            _ if self.is_ready() => State::Ready,
            true => State::Idle,
            false if self.failure().is_some() => State::TransientFailure,
            false => State::Connecting,
        }
    }

    /// Whether somebody knows why calls cannot go there.
    pub(super) fn is_out(&self) -> bool {
        self.failure().is_some()
    }

    /// Why calls cannot go there, if somebody knows.
    pub(super) fn why_not(&self) -> Option<String> {
        self.failure().clone()
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
