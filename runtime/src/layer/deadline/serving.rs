//! The server's side: refuses what is late, and bounds the handler, its streams and the calls it makes.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context as Waker, Poll},
};

use tonic::Status;

use super::{Counts, expiry::Expiry};
use crate::{
    call::{Body, Call, Frame, Frames, Invoke, Phase, Reply, Source},
    clock,
    context::Context,
    layer::timer::within,
    policy::limit::priority::Priority,
};

/// The server's side: refuses what is late, and bounds the handler, its streams and the calls it makes.
#[derive(Debug)]
pub struct Serving<I> {
    inner: I,
    counts: Arc<Counts>,
}

// === Serving ===

impl<I> Serving<I> {
    /// Bounds what `inner` does for a caller.
    pub fn new(inner: I, counts: Arc<Counts>) -> Self {
        Self { inner, counts }
    }
}

impl<I: Invoke> Invoke for Serving<I> {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        let now = *call.started.get_or_insert_with(clock::now);
        let deadline = call.deadline;
        let expiry = Expiry {
            deadline,
            started: now,
        };
        if deadline.instant().is_some() {
            self.counts.bounded.add();
        }
        if deadline.has_passed(now) {
            self.counts.expired_on_arrival.add();
            return Err(expiry.status(now, Phase::Queue));
        }
        let context = Context {
            deadline,
            method: Some(call.method),
            peer: call.peer.clone(),
            previous_attempts: call.attempt.previous,
            priority: Priority::of(&call.metadata),
            trace: call.trace.clone(),
        };
        // Pinned where it is made: moved into the timer, it would be copied once more.
        let handled = context.clone().scope(self.inner.invoke(call));
        let handled = pin!(crate::call::during(Phase::Handler, handled));
        let late = |phase| {
            self.counts.expired.add();
            self.counts.phases.add(phase);
            Err(expiry.status(clock::now(), phase))
        };
        let reply = within(deadline.instant(), handled, late).await?;
        let mut reply = in_context(context, reply);
        expiry.bind(&mut reply, &self.counts);
        Ok(reply)
    }
}

/// A streamed answer is a part of the call being served too: the calls that feed it inherit what there is to hand on.
fn in_context(context: Context, reply: Reply) -> Reply {
    let body = match reply.body {
        Body::Many(frames) if context.hands_on() => {
            Body::Many(Frames::new(Scoped { context, frames }))
        }
        body => body,
    };
    Reply { body, ..reply }
}

struct Scoped {
    context: Context,
    frames: Frames,
}

impl Source for Scoped {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        waker: &mut Waker<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let Self { context, frames } = &mut *self;
        context.enter(|| frames.poll_frame(waker))
    }
}
