//! Looks at an answer where it lies: an answer that is awaited and given on is copied at every layer.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

pin_project! {
    /// A future whose output is shown to a function, which may change it.
    pub(super) struct Tapped<F, T> {
        #[pin]
        future: F,
        tap: T,
    }
}

/// Shows what comes of `future` to `tap`, once.
#[inline(always)]
pub(super) fn tapped<F: Future, T: FnMut(&mut F::Output)>(future: F, tap: T) -> Tapped<F, T> {
    Tapped { future, tap }
}

impl<F: Future, T: FnMut(&mut F::Output)> Future for Tapped<F, T> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut polled = this.future.poll(context);
        if let Poll::Ready(output) = &mut polled {
            (this.tap)(output);
        }
        polled
    }
}
