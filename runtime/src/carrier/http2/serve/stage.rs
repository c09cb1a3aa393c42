//! How far a server's life has come, told to all of its connections.
//!
//! They hear of it in the order in which they came, and not by chance as with tokio's `watch`, so that a simulation repeats.

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

/// How far a server's life has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// New calls are welcome.
    #[default]
    Serving,
    /// Accepted calls run to their end; clients are told to go elsewhere.
    Draining,
    /// Whatever still runs is cut.
    Over,
}

/// The server's end, which tells. A server that is gone without a word is over as well.
#[derive(Debug, Default)]
pub(crate) struct Life(Arc<Told>);

/// A connection's end, which hears.
#[derive(Debug)]
pub(crate) struct Hearer(Arc<Told>);

#[derive(Debug, Default)]
struct Told {
    stage: Mutex<Stage>,
    changed: Notify,
}

impl Life {
    /// Goes on to `stage`.
    pub(crate) fn enter(&self, stage: Stage) {
        *self.0.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        self.0.changed.notify_waiters();
    }

    /// For one more connection.
    pub(crate) fn hearer(&self) -> Hearer {
        Hearer(Arc::clone(&self.0))
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.enter(Stage::Over);
    }
}

impl Hearer {
    /// Resolves when the server's life has come as far as `wanted`.
    pub(super) async fn reached(&self, wanted: Stage) {
        loop {
            // Enabled before looking, so that nothing is missed.
            let mut changed = pin!(self.0.changed.notified());
            changed.as_mut().enable();
            if *self.0.stage.lock().unwrap_or_else(PoisonError::into_inner) >= wanted {
                return;
            }
            changed.await;
        }
    }
}
