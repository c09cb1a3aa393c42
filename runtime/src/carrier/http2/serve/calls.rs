//! Runs the calls of one connection, each as a task, and knows how many are open.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use hyper::rt::Executor;

/// The open calls of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls(Arc<AtomicUsize>);

struct Open(Arc<AtomicUsize>);

// === Calls ===

impl Calls {
    /// How many calls have begun and are not over, their answers' streams included.
    pub(super) fn open(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Calls {
    fn execute(&self, call: F) {
        self.0.fetch_add(1, Ordering::Relaxed);
        let open = Open(Arc::clone(&self.0));
        tokio::spawn(async move {
            let _open = open;
            call.await;
        });
    }
}

// === Open ===

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
