//! A stream of messages that is fed by hand: for uploads, for bidirectional calls, and for handlers that answer as they go.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use tokio::sync::mpsc;
use tonic::Status;

use crate::Streaming;

/// Feeds the [`Streaming`] it was made with. The stream ends well when the last clone is dropped, and with INTERNAL if a
/// panic dropped one.
#[derive(Debug)]
pub struct Sender<T> {
    messages: mpsc::Sender<Result<T, Status>>,
    /// Set by a sender that a panic dropped, to be told where the stream would otherwise end well.
    panicked: Arc<AtomicBool>,
}

/// Nobody reads the stream any more: the call is over. Gives the message back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the call is over, nobody reads the stream any more")]
pub struct Closed<T>(pub T);

/// A stream that is fed by hand, and what feeds it. At most `capacity` messages (at least one) wait to be sent.
///
/// ```
/// # async fn shown() {
/// let (sender, mut numbers) = couplet::client::stream::channel(4);
/// sender.send(7).await.unwrap();
/// drop(sender);
/// assert_eq!(numbers.message().await.unwrap(), Some(7));
/// assert_eq!(numbers.message().await.unwrap(), None);
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(shown());
/// ```
pub fn channel<T: Send + 'static>(capacity: usize) -> (Sender<T>, Streaming<T>) {
    let (messages, fed) = mpsc::channel(capacity.max(1));
    let panicked = Arc::new(AtomicBool::new(false));
    let fed = Fed {
        messages: fed,
        panicked: Arc::clone(&panicked),
    };
    (Sender { messages, panicked }, Streaming::new(fed))
}

// === Sender ===

impl<T> Sender<T> {
    /// Waits for room, then sends.
    ///
    /// # Errors
    /// If the call is over.
    pub async fn send(&self, message: T) -> Result<(), Closed<T>> {
        match self.messages.reserve().await {
            Ok(room) => {
                room.send(Ok(message));
                Ok(())
            }
            Err(_) => Err(Closed(message)),
        }
    }

    /// Ends the stream with `status`: the peer of a handler receives it, and an upload that fails so fails its call.
    ///
    /// # Errors
    /// If the call is over.
    pub async fn fail(self, status: Status) -> Result<(), Closed<Status>> {
        match self.messages.reserve().await {
            Ok(room) => {
                room.send(Err(status));
                Ok(())
            }
            Err(_) => Err(Closed(status)),
        }
    }

    /// Waits until nobody reads the stream any more.
    pub async fn closed(&self) {
        self.messages.closed().await;
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            messages: self.messages.clone(),
            panicked: Arc::clone(&self.panicked),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.panicked.store(true, Release);
        }
    }
}

// === Fed ===

struct Fed<T> {
    messages: mpsc::Receiver<Result<T, Status>>,
    panicked: Arc<AtomicBool>,
}

impl<T> Stream for Fed<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let message = ready!(self.messages.poll_recv(context));
        if message.is_none() && self.panicked.swap(false, Acquire) {
            let status = Status::internal("what feeds the stream panicked");
            return Poll::Ready(Some(Err(status)));
        }
        Poll::Ready(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failed_stream_says_why_after_what_was_sent() {
        let (sender, mut stream) = channel(2);
        sender.send(1).await.unwrap();
        sender.fail(Status::aborted("mine")).await.unwrap();
        assert_eq!(stream.message().await.unwrap(), Some(1));
        assert_eq!(stream.message().await.unwrap_err().message(), "mine");
    }

    #[tokio::test]
    async fn the_sender_is_told_that_the_call_is_over() {
        let (sender, stream) = channel(1);
        drop(stream);
        sender.closed().await;
        assert_eq!(sender.send(7).await, Err(Closed(7)));
    }

    #[tokio::test]
    async fn a_task_that_panics_does_not_end_its_stream_well() {
        let (sender, mut stream) = channel(2);
        let feeding = tokio::spawn(async move {
            sender.send(1).await.unwrap();
            panic!("as asked");
        });
        assert!(feeding.await.is_err());
        assert_eq!(stream.message().await.unwrap(), Some(1));
        let status = stream.message().await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Internal);
        assert_eq!(stream.message().await.unwrap(), None);
    }
}
