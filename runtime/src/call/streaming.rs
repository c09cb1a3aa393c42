//! A stream of typed messages, the one type for requests and replies.

use std::{
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use futures_core::Stream;
use sync_wrapper::SyncWrapper;
use tonic::{Status, metadata::MetadataMap};

use super::{Frame, Frames, Message, Source};

type Items<T> = SyncWrapper<Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>>;
type Wish<T> = Box<dyn FnMut(&T) -> bool + Send + Sync>;

/// Bytes that the small messages of a stream are encoded in, until they are sent and it is free for the next ones.
const ROOM: usize = 4 << 10;

/// A stream of messages: read with [`message`](Self::message), or as a [`Stream`].
///
/// A handler reads its requests from one and answers with one; a client the other way round. A stream that came from a
/// peer ends with its trailing metadata. Dropping it cancels whatever feeds it.
///
/// ```
/// # async fn shown() -> Result<(), couplet::Status> {
/// let mut numbers = couplet::Streaming::iter([1, 2, 3]);
/// while let Some(number) = numbers.message().await? {
///     println!("{number}");
/// }
/// # Ok(()) }
/// ```
pub struct Streaming<T> {
    from: From<T>,
    trailers: Option<MetadataMap>,
    compressed: bool,
}

enum From<T> {
    /// Frames of a peer, and how a message of them is read.
    Wire(Frames, fn(&Message) -> Result<T, Status>),
    /// Items of this program, and which of them to compress.
    Here(Items<T>, Option<Wish<T>>),
    /// Nothing any more: the items of this program ended, or failed.
    Ended,
}

// === Streaming ===

impl<T> Streaming<T> {
    /// A stream of whatever `items` yields. It ends at the first error, which the peer receives as its status.
    pub fn new(items: impl Stream<Item = Result<T, Status>> + Send + 'static) -> Self {
        Self {
            from: From::Here(SyncWrapper::new(Box::pin(items)), None),
            trailers: None,
            compressed: false,
        }
    }

    /// A stream of messages that are already there.
    pub fn iter<I>(items: I) -> Self
    where
        I: IntoIterator<Item = T>,
        I::IntoIter: Send + 'static,
        T: Send + 'static,
    {
        Self::new(Iter(items.into_iter()))
    }

    /// Sends a message compressed where `wish` says so and the two ends agreed on a compression.
    ///
    /// Without it, every message is sent as the carrier's setting says. It has no effect on a stream that came from a peer.
    #[must_use]
    pub fn compress_when(mut self, wish: impl FnMut(&T) -> bool + Send + Sync + 'static) -> Self {
        if let From::Here(_, slot) = &mut self.from {
            *slot = Some(Box::new(wish));
        }
        self
    }

    /// The next message; `None` after the last one.
    ///
    /// # Errors
    /// The status that the stream ended with; nothing comes after it.
    pub async fn message(&mut self) -> Result<Option<T>, Status> {
        poll_fn(|context| self.poll_message(context))
            .await
            .transpose()
    }

    /// Reads to the end and returns the trailing metadata, empty where the peer sent none.
    ///
    /// # Errors
    /// The status that the stream ended with.
    pub async fn trailers(&mut self) -> Result<MetadataMap, Status> {
        while self.message().await?.is_some() {}
        Ok(self.trailers.take().unwrap_or_default())
    }

    /// The trailing metadata, once all messages were read.
    pub(crate) fn take_trailers(&mut self) -> Option<MetadataMap> {
        self.trailers.take()
    }

    /// Whether the message read last came compressed.
    pub fn came_compressed(&self) -> bool {
        self.compressed
    }

    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Status>>> {
        let (frames, decode) = match &mut self.from {
            From::Wire(frames, decode) => (frames, decode),
            From::Ended => return Poll::Ready(None),
            From::Here(items, _) => {
                let next = ready!(items.get_mut().as_mut().poll_next(context));
                if !matches!(next, Some(Ok(_))) {
                    self.from = From::Ended;
                }
                return Poll::Ready(next);
            }
        };
        Poll::Ready(match ready!(frames.poll_frame(context)) {
            Some(Ok(Frame::Message(message))) => {
                self.compressed = message.compressed() == Some(true);
                Some(decode(&message))
            }
            Some(Ok(Frame::Trailers(metadata))) => {
                self.trailers = Some(metadata);
                None
            }
            Some(Err(status)) => Some(Err(status)),
            None => None,
        })
    }
}

impl<T: prost::Message + Default + 'static> Streaming<T> {
    /// Reads the messages of `frames`.
    pub fn from_frames(frames: Frames) -> Self {
        Self {
            from: From::Wire(frames, Message::decode),
            trailers: None,
            compressed: false,
        }
    }

    /// The messages, encoded.
    pub fn into_frames(self) -> Frames {
        match self.from {
            From::Wire(frames, _) => frames,
            From::Here(items, wish) => Frames::new(Encoded {
                items,
                wish,
                room: BytesMut::with_capacity(ROOM),
            }),
            From::Ended => Frames::new(Over),
        }
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(context)
    }
}

impl<T> Unpin for Streaming<T> {}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Streaming").finish_non_exhaustive()
    }
}

// === Encoded ===

struct Encoded<T> {
    items: Items<T>,
    wish: Option<Wish<T>>,
    room: BytesMut,
}

impl<T: prost::Message> Source for Encoded<T> {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        // An error is the last item, so what panicked is never polled again and nobody sees what it left half done.
        let poll = AssertUnwindSafe(|| self.items.get_mut().as_mut().poll_next(context));
        let polled = catch_unwind(poll).unwrap_or_else(|_| {
            let status = Status::internal("what feeds the stream panicked");
            Poll::Ready(Some(Err(status)))
        });
        let Some(item) = ready!(polled) else {
            return Poll::Ready(None);
        };
        let this = &mut *self;
        let encoded = item.and_then(|item| {
            let message = Message::encode_in(&mut this.room, &item)?;
            Ok(match &mut this.wish {
                Some(wish) => message.with_compressed(wish(&item)),
                None => message,
            })
        });
        Poll::Ready(Some(encoded.map(Frame::Message)))
    }
}

// === Over ===

/// No frames.
struct Over;

impl Source for Over {
    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        Poll::Ready(None)
    }
}

// === Iter ===

struct Iter<I>(I);

impl<I> Unpin for Iter<I> {}

impl<I: Iterator> Stream for Iter<I> {
    type Item = Result<I::Item, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_the_stream_with_internal_after_what_came_before() {
        let numbers = (0..2).map(|number: u32| match number {
            0 => number,
            _ => panic!("as asked"),
        });
        let mut frames = Streaming::iter(numbers).into_frames();
        assert!(matches!(frames.frame().await, Some(Ok(Frame::Message(_)))));
        let status = frames.frame().await.unwrap().unwrap_err();
        assert_eq!(status.code(), tonic::Code::Internal);
        assert!(frames.frame().await.is_none());
    }
}
