//! The one timer of a call: armed when the call first has to wait, gone with it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use crate::call::Phase;

pin_project! {
    /// A future with an end. Written by hand, because an async fn would keep, and move, what it is given twice.
    pub(super) struct Within<F> {
        #[pin]
        future: F,
        at: Option<Instant>,
        #[pin]
        timer: Option<Sleep>,
    }
}

/// Runs `future` until `at`, if there is such a moment. Resolves to an error, when its time is up, that says what the
/// future was waiting for.
pub(super) fn within<F: Future>(at: Option<Instant>, future: F) -> Within<F> {
    Within {
        future,
        at,
        timer: None,
    }
}

impl<F: Future> Future for Within<F> {
    type Output = Result<F::Output, Phase>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(Ok(output));
        }
        let Some(at) = *this.at else {
            return Poll::Pending;
        };
        // Read before the timer is polled: it is the note of the poll just made.
        let phase = Phase::last();
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(at.into())));
        }
        match this.timer.as_pin_mut().map(|timer| timer.poll(context)) {
            Some(Poll::Ready(())) => Poll::Ready(Err(phase)),
            _ => Poll::Pending,
        }
    }
}
