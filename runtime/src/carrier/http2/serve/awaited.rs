//! A call's one message, and how long it is waited for: a client that begins a call and never ends it must not keep it.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tonic::Status;

use crate::call::{Frame, Source};

pin_project! {
    /// The frames of a call that is over once its message is read.
    pub(super) struct Awaited<S> {
        #[pin]
        frames: S,
        timeout: Duration,
        // Most messages are there before anybody waits.
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<S> Awaited<S> {
    /// Waits for all of `frames` for `timeout`, counted from the first time that it has to wait.
    pub(super) fn new(frames: S, timeout: Duration) -> Self {
        Self {
            frames,
            timeout,
            timer: None,
        }
    }
}

impl<S: Source> Source for Awaited<S> {
    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let this = self.project();
        let polled = this.frames.poll_frame(context);
        if polled.is_ready() {
            return polled;
        }
        let timeout = *this.timeout;
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(timeout)));
        timer.as_mut().poll(context).map(|()| {
            let text = format!("the message of the call did not arrive within {timeout:?}");
            Some(Err(Status::deadline_exceeded(text)))
        })
    }
}
