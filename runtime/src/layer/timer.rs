//! The one timer of a call: armed when the call first has to wait, gone with it.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Instant,
};

use tokio::time::{Sleep, sleep_until};

use crate::call::Phase;

/// Runs `future` until `at`, if there is such a moment.
///
/// # Errors
/// What the future was waiting for when its time was up.
pub(super) async fn within<F: Future>(at: Option<Instant>, future: F) -> Result<F::Output, Phase> {
    let mut future = pin!(future);
    let mut timer = pin!(None::<Sleep>);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        let Some(at) = at else { return Poll::Pending };
        // Read before the timer is polled: it is the note of the poll just made.
        let phase = Phase::last();
        if timer.is_none() {
            timer.set(Some(sleep_until(at.into())));
        }
        match timer.as_mut().as_pin_mut().map(|timer| timer.poll(context)) {
            Some(Poll::Ready(())) => Poll::Ready(Err(phase)),
            _ => Poll::Pending,
        }
    })
    .await
}
