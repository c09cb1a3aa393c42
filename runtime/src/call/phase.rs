//! Where a call was when it last had to wait: what a deadline reports when it strikes.

use std::{
    cell::Cell,
    fmt,
    future::{Future, poll_fn},
    pin::pin,
};

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// For its turn: a slot, a stream, a resolver.
    Queue,
    /// For a connection.
    Connect,
    /// For the time before another attempt.
    Backoff,
    /// For its message to be taken.
    Send,
    /// For the head of the answer.
    Headers,
    /// For the rest of the answer.
    Body,
    /// For the handler, on the serving side.
    Handler,
}

thread_local! {
    static WAITING: Cell<Phase> = const { Cell::new(Phase::Queue) };
}

/// Runs `future` and notes `phase` whenever it has to wait.
///
/// The note is read by the layer that polled it, in the same poll, so one cell for each thread is enough.
pub async fn during<F: Future>(phase: Phase, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let polled = future.as_mut().poll(context);
        if polled.is_pending() {
            phase.note();
        }
        polled
    })
    .await
}

impl Phase {
    /// Notes that whoever is being polled waits in this phase.
    pub fn note(self) {
        WAITING.set(self);
    }

    /// What the future that was polled last on this thread waits for.
    pub fn last() -> Self {
        WAITING.get()
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Queue => "queue",
            Self::Connect => "connect",
            Self::Backoff => "backoff",
            Self::Send => "send",
            Self::Headers => "headers",
            Self::Body => "body",
            Self::Handler => "handler",
        })
    }
}
