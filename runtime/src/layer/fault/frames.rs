//! Streams that break off, and streams that are read slowly.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Sleep, sleep};
use tonic::Status;

use super::inject::lost;
use crate::{
    call::{Frame, Frames, Source},
    policy::fault::Permit,
};

/// Breaks off after so many messages, as if the connection were lost.
pub(super) struct Cut {
    frames: Frames,
    left: u32,
    _permit: Arc<Permit>,
}

/// Pauses between two messages.
pub(super) struct Slow {
    frames: Frames,
    time: Duration,
    pause: Option<Pin<Box<Sleep>>>,
    _permit: Arc<Permit>,
}

/// A stream without a message.
pub(super) fn nothing() -> impl Source {
    struct Nothing;
    impl Source for Nothing {
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame, Status>>> {
            Poll::Ready(None)
        }
    }
    Nothing
}

// === Cut ===

impl Cut {
    pub(super) fn new(frames: Frames, after: u32, permit: Arc<Permit>) -> Self {
        Self {
            frames,
            left: after,
            _permit: permit,
        }
    }
}

impl Source for Cut {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        if self.left == 0 {
            return Poll::Ready(Some(Err(lost())));
        }
        let frame = ready!(self.frames.poll_frame(context));
        if let Some(Ok(Frame::Message(_))) = &frame {
            self.left -= 1;
        }
        Poll::Ready(frame)
    }
}

// === Slow ===

impl Slow {
    pub(super) fn new(frames: Frames, time: Duration, permit: Arc<Permit>) -> Self {
        Self {
            frames,
            time,
            pause: None,
            _permit: permit,
        }
    }
}

impl Source for Slow {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let this = &mut *self;
        if let Some(pause) = &mut this.pause {
            ready!(pause.as_mut().poll(context));
            this.pause = None;
        }
        let frame = ready!(this.frames.poll_frame(context));
        if let Some(Ok(Frame::Message(_))) = &frame {
            this.pause = Some(Box::pin(sleep(this.time)));
        }
        Poll::Ready(frame)
    }
}
