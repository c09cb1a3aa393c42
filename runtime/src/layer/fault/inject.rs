//! The story of one call to which something is done, the same on both ends.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tonic::{Code, Status};

use super::frames::{Cut, Slow, nothing};
use crate::{
    call::{Body, Call, Frames, Invoke, Mark, Phase, Reply, during},
    policy::fault::{Injection, Permit},
};

/// Which end reads slowly, where one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// The client, the answer.
    Client,
    /// The server, the call.
    Server,
}

/// What is done to a call, and its share of what is under way.
#[derive(Debug)]
pub(super) struct Injected {
    injection: Injection,
    reader: Reader,
    /// Shared with the streams that outlive the call's future.
    permit: Arc<Permit>,
}

// === Injected ===

impl Injected {
    pub(super) fn new((injection, permit): (Injection, Permit), reader: Reader) -> Self {
        Self {
            injection,
            reader,
            permit: Arc::new(permit),
        }
    }

    /// Does it.
    pub(super) async fn invoke<I: Invoke>(
        mut self,
        inner: &I,
        mut call: Call,
    ) -> Result<Reply, Status> {
        if let Some(delay) = self.injection.delay.take() {
            pause(delay).await;
        }
        if let Some(code) = self.injection.abort {
            return abort(code);
        }
        if self.injection.is_nothing() {
            // The delay was all: what follows is not held against the limit.
            drop(self);
            return mark(inner.invoke(call).await);
        }
        if self.reader == Reader::Server {
            call.body = self.slow(call.body);
        }
        let answer = inner.invoke(call).await;
        if let Some(delay) = self.injection.response_delay {
            pause(delay).await;
        }
        if self.injection.reset {
            return Err(reset());
        }
        mark(answer.and_then(|reply| self.cut(reply)))
    }

    /// The same messages, with pauses between them.
    fn slow(&self, body: Body) -> Body {
        match (body, self.injection.slow_read) {
            (Body::Many(frames), Some(pause)) => {
                let slow = Slow::new(frames, pause, Arc::clone(&self.permit));
                Body::Many(Frames::new(slow))
            }
            (body, _) => body,
        }
    }

    fn cut(&self, mut reply: Reply) -> Result<Reply, Status> {
        if self.reader == Reader::Client {
            reply.body = self.slow(reply.body);
        }
        reply.body = match (reply.body, self.injection.truncate_after) {
            (Body::One(..), Some(0)) => return Err(lost()),
            (Body::Many(frames), Some(after)) => {
                let cut = Cut::new(frames, after, Arc::clone(&self.permit));
                Body::Many(Frames::new(cut))
            }
            (body, _) => body,
        };
        Ok(reply)
    }
}

async fn pause(time: Duration) {
    during(Phase::Headers, sleep(time)).await;
}

/// The end of a call that goes no further. OK without the message that was due is told by whoever misses it.
fn abort(code: Code) -> Result<Reply, Status> {
    match code {
        Code::Ok => mark(Ok(Reply::new(Body::Many(Frames::new(nothing()))))),
        code => Err(Mark::Injected.on(Status::new(code, "aborted on purpose"))),
    }
}

/// What a carrier says of a stream that the peer reset for no reason of its own.
fn reset() -> Status {
    Mark::Injected.on(Status::internal("the stream was reset: on purpose"))
}

/// What a carrier says of a stream whose connection is gone.
pub(super) fn lost() -> Status {
    Mark::Injected.on(Status::unavailable("the connection was lost: on purpose"))
}

/// Says of an answer that something was done to its call. What a status says already is worth more.
fn mark(mut answer: Result<Reply, Status>) -> Result<Reply, Status> {
    match &mut answer {
        Ok(reply) => {
            reply.extensions.insert(Mark::Injected);
        }
        Err(status) if Mark::of(status).is_none() => {
            return answer.map_err(|status| Mark::Injected.on(status));
        }
        Err(_) => {}
    }
    answer
}
