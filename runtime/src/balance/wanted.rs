//! Whether somebody calls: a channel that nobody calls comes to rest, and wakes with the next call.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, futures::Notified};

/// What calls tell whoever keeps the ways open.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Somebody called since this was last asked.
    called: AtomicBool,
    asleep: AtomicBool,
    hurry: Notify,
}

impl Wanted {
    /// Somebody calls; whether that has to wake somebody. Mostly only read, as it is said for every call.
    #[inline]
    #[must_use]
    pub(super) fn call(&self) -> bool {
        if self.called.load(Ordering::Relaxed) {
            return false;
        }
        self.called.store(true, Ordering::SeqCst);
        self.is_asleep()
    }

    /// Whether somebody called since the last time.
    pub(super) fn take(&self) -> bool {
        self.called.swap(false, Ordering::SeqCst)
    }

    /// Whether no way is kept open until somebody calls.
    pub(super) fn is_asleep(&self) -> bool {
        self.asleep.load(Ordering::SeqCst)
    }

    /// No way is kept open from now on; whether that is so, or somebody called at this moment.
    pub(super) fn sleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        // Either whoever calls sees that it has to wake somebody, or is seen here.
        let called = self.called.load(Ordering::SeqCst);
        if called {
            self.wake();
        }
        !called
    }

    /// Ways are kept open again.
    pub(super) fn wake(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }

    /// A call has nowhere to go: nobody takes time over connecting now.
    pub(super) fn hurry(&self) {
        self.hurry.notify_waiters();
    }

    /// Resolves when somebody is in a hurry after this.
    pub(super) fn hurried(&self) -> Notified<'_> {
        self.hurry.notified()
    }
}
