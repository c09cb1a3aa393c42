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
    pub(super) struct Within<F, L> {
        #[pin]
        future: F,
        late: L,
        at: Option<Instant>,
        #[pin]
        timer: Option<Sleep>,
    }
}

/// Runs `future` until `at`, if there is such a moment. When its time is up it resolves to what `late` makes of what the
/// future was waiting for.
pub(super) fn within<F, L>(at: Option<Instant>, future: F, late: L) -> Within<F, L>
where
    F: Future,
    L: FnMut(Phase) -> F::Output,
{
    Within {
        future,
        late,
        at,
        timer: None,
    }
}

impl<F: Future, L: FnMut(Phase) -> F::Output> Future for Within<F, L> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let polled = this.future.poll(context);
        if polled.is_ready() {
            return polled;
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
            Some(Poll::Ready(())) => Poll::Ready((this.late)(phase)),
            _ => Poll::Pending,
        }
    }
}
