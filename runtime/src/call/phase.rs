//! Where a call was when it last had to wait: what a deadline reports when it strikes.

use std::{
    cell::Cell,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

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

impl Phase {
    /// All of them, in the order of a call.
    pub const ALL: [Self; 7] = [
        Self::Queue,
        Self::Connect,
        Self::Backoff,
        Self::Send,
        Self::Headers,
        Self::Body,
        Self::Handler,
    ];
}

thread_local! {
    static WAITING: Cell<Phase> = const { Cell::new(Phase::Queue) };
}

pin_project! {
    /// A future whose waiting has a name; see [`during`].
    #[derive(Debug)]
    #[must_use = "futures do nothing until they are polled"]
    pub struct During<F> {
        #[pin]
        future: F,
        phase: Phase,
    }
}

/// Runs `future` and notes `phase` whenever it has to wait.
///
/// The note is read by the layer that polled it, in the same poll, so one cell for each thread is enough.
pub fn during<F: Future>(phase: Phase, future: F) -> During<F> {
    During { future, phase }
}

impl<F: Future> Future for During<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.future.poll(context);
        if polled.is_pending() {
            this.phase.note();
        }
        polled
    }
}

impl Phase {
    /// Notes that whoever is being polled waits in this phase.
    #[inline]
    pub fn note(self) {
        WAITING.set(self);
    }

    /// What the future that was polled last on this thread waits for.
    #[inline]
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
