//! Runs the calls of one connection, each as a task, knows how many are open, and cuts those that outlast their deadline.
//!
//! A deadline strikes where a call is polled. An answer that waits for its client to read on is not polled, so the task
//! that holds it ends it.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::Executor;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep, sleep_until};

use crate::clock;

/// The open calls of one connection.
#[derive(Debug, Clone)]
pub(super) struct Calls(Arc<Count>);

#[derive(Debug)]
struct Count {
    open: AtomicUsize,
    /// Since when there was none, as of the last time that there was none; not kept where nobody asks.
    quiet: Option<Mutex<Instant>>,
}

struct Open(Arc<Count>);

pin_project! {
    struct Running<F> {
        #[pin]
        call: F,
        open: Open,
        cut: Option<Pin<Box<Sleep>>>,
    }
}

/// How long a call may take to end by itself after its deadline.
const GRACE: Duration = Duration::from_millis(50);

thread_local! {
    static CUT: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Ends the call whose task is polled right now soon after `deadline`, whatever it waits for then.
pub(super) fn cut_after(deadline: Instant) {
    CUT.set(Some(deadline));
}

// === Calls ===

impl Calls {
    /// No call yet. Whether it will be asked how long there was none costs a look at the clock.
    pub(super) fn new(is_timed: bool) -> Self {
        Self(Arc::new(Count {
            open: AtomicUsize::new(0),
            quiet: is_timed.then(|| Mutex::new(clock::now())),
        }))
    }

    /// How many calls have begun and are not over, their answers' streams included.
    pub(super) fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Resolves when there was no call for this long; never if it is not timed.
    pub(super) async fn quiet_for(&self, time: Duration) {
        let Some(quiet) = &self.0.quiet else {
            return std::future::pending().await;
        };
        loop {
            let since = *quiet.lock().unwrap_or_else(PoisonError::into_inner);
            match (
                self.open(),
                (since + time).checked_duration_since(clock::now()),
            ) {
                (0, None | Some(Duration::ZERO)) => return,
                (0, Some(left)) => sleep(left).await,
                // A call that is open now leaves at least this much to wait.
                (_, _) => sleep(time).await,
            }
        }
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Calls {
    fn execute(&self, call: F) {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(Running {
            call,
            open: Open(Arc::clone(&self.0)),
            cut: None,
        });
    }
}

// === Running ===

impl<F: Future<Output = ()>> Future for Running<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        // Another call of this thread may have left a note that nobody took.
        CUT.take();
        let polled = this.call.poll(context);
        let deadline = CUT.take();
        if polled.is_ready() {
            return polled;
        }
        if let Some(deadline) = deadline {
            *this.cut = Some(Box::pin(sleep_until((deadline + GRACE).into())));
        }
        match this.cut {
            // The task ends, and what it holds is dropped, which resets the call.
            Some(cut) => cut.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

// === Open ===

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(quiet) = &self.0.quiet {
            // Before the call is over, so that nobody sees that it is with an older time.
            *quiet.lock().unwrap_or_else(PoisonError::into_inner) = clock::now();
        }
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
