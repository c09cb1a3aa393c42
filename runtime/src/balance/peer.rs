//! One endpoint as a client sees it: the way there, whether it is open, and how busy and how well it is.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use super::load::Load;
use crate::{discovery::Endpoint, policy::outlier};

/// One endpoint of a target.
#[derive(Debug)]
pub(super) struct Peer<L> {
    /// Another one for each peer of this process: what a call remembers of where it has been.
    pub(super) number: u64,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) link: L,
    pub(super) load: Load,
    pub(super) health: Arc<outlier::Endpoint>,
    ready: AtomicBool,
    /// Why the last attempt to connect failed, until one succeeds.
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
            endpoint,
            link,
            load: Load::new(now),
            health,
            ready: AtomicBool::new(false),
            failure: Mutex::default(),
        }
    }

    /// Whether a call can go there at once.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// A connection came up.
    pub(super) fn up(&self) {
        *self.failure() = None;
        self.ready.store(true, Ordering::Release);
    }

    /// The last connection is gone.
    pub(super) fn down(&self) {
        self.ready.store(false, Ordering::Release);
    }

    /// There is no connection, for this reason.
    pub(super) fn fail(&self, why: String) {
        self.down();
        *self.failure() = Some(why);
    }

    /// Why the last attempt to connect failed, if it did.
    pub(super) fn why_not(&self) -> Option<String> {
        self.failure().clone()
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
