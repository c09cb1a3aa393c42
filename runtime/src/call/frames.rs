//! A stream of messages that ends with its trailing metadata, and tells its end once to whoever asked.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use sync_wrapper::SyncWrapper;
use tonic::{Code, Status, metadata::MetadataMap};

use super::{Message, Trailers};

/// One piece of a stream.
#[derive(Debug)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// The trailing metadata; nothing comes after it.
    Trailers(MetadataMap),
}

/// Where frames come from: a connection, a handler, an upload.
///
/// Yields messages, then perhaps trailers, then `None`. An error is the last item. Dropping it cancels whatever feeds it.
pub trait Source: Send {
    /// The next frame.
    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>>;
}

/// How a stream ended.
#[derive(Debug, Clone, Copy)]
pub enum End<'a> {
    /// All of it was read.
    Complete,
    /// It ended with an error.
    Failed(&'a Status),
    /// The reader went away before the end.
    Abandoned,
}

/// So many frames may come without a pause before the interrupts are asked all the same: a stream that is always ready
/// must not outrun its deadline.
const UNPAUSED: u8 = 32;

type Hook = Box<dyn FnOnce(End<'_>) + Send + Sync>;
type Interrupt = SyncWrapper<Pin<Box<dyn Future<Output = Status> + Send>>>;

/// A stream of frames. Layers that want its outcome or must be able to stop it say so here and never wrap it again.
pub struct Frames(Box<Watched>);

/// Behind a pointer, so that a call with one message, which is most of them, does not carry the room for a stream about.
struct Watched {
    source: Option<SyncWrapper<Pin<Box<dyn Source>>>>,
    /// Frames that came without a pause; see [`UNPAUSED`].
    unpaused: u8,
    /// The largest message, in bytes, and what the limit is called.
    most: Option<(u32, &'static str)>,
    interrupts: Vec<Interrupt>,
    hooks: Vec<Hook>,
}

// === Frames ===

impl Frames {
    /// Reads from `source`.
    pub fn new(source: impl Source + 'static) -> Self {
        Self(Box::new(Watched {
            source: Some(SyncWrapper::new(Box::pin(source))),
            unpaused: 0,
            most: None,
            interrupts: Vec::new(),
            hooks: Vec::new(),
        }))
    }

    /// A stream that is over, to leave in the place of another one.
    pub(crate) fn empty() -> Self {
        Self(Box::new(Watched {
            source: None,
            unpaused: 0,
            most: None,
            interrupts: Vec::new(),
            hooks: Vec::new(),
        }))
    }

    /// A stream of one message.
    pub(crate) fn once(message: Message, trailers: Trailers) -> Self {
        Self::new(Once {
            message: Some(message),
            trailers,
        })
    }

    /// Calls `hook` when the stream is over: read to its end, failed, or dropped. The hook added last runs first.
    pub fn on_end(&mut self, hook: impl FnOnce(End<'_>) + Send + Sync + 'static) {
        self.0.hooks.push(Box::new(hook));
    }

    /// Ends the stream with the status that `interrupt` resolves to, if that comes first.
    pub fn until(&mut self, interrupt: impl Future<Output = Status> + Send + 'static) {
        self.0
            .interrupts
            .push(SyncWrapper::new(Box::pin(interrupt)));
    }

    /// Ends the stream with RESOURCE_EXHAUSTED at the first message of more than `most` bytes; `named` is what the limit
    /// is called. Of several limits the least holds, of equal ones the first.
    pub(crate) fn at_most(&mut self, most: u32, named: &'static str) {
        if self.0.most.is_none_or(|(before, _)| most < before) {
            self.0.most = Some((most, named));
        }
    }

    /// The next frame; `None` after the last one.
    pub async fn frame(&mut self) -> Option<Result<Frame, Status>> {
        poll_fn(|context| self.poll_frame(context)).await
    }

    /// The next frame; `None` after the last one.
    pub fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame, Status>>> {
        let Some(source) = &mut self.0.source else {
            return Poll::Ready(None);
        };
        let mut polled = source.get_mut().as_mut().poll_frame(context);
        self.0.unpaused = if polled.is_pending() {
            0
        } else {
            self.0.unpaused + 1
        };
        // Zero is a pause, when interrupts are always asked.
        if self.0.unpaused.is_multiple_of(UNPAUSED) || is_cut(&polled) {
            self.0.unpaused = 0;
            if let interrupted @ Poll::Ready(_) = self.poll_interrupts(context) {
                polled = interrupted;
            }
        }
        if let (Some((most, named)), Poll::Ready(Some(Ok(Frame::Message(message))))) =
            (self.0.most, &polled)
            && let Err(larger) = message.at_most(most, named)
        {
            polled = Poll::Ready(Some(Err(Status::resource_exhausted(larger))));
        }
        match &polled {
            Poll::Ready(None | Some(Ok(Frame::Trailers(_)))) => self.end(End::Complete),
            Poll::Ready(Some(Err(status))) => self.end(End::Failed(status)),
            Poll::Pending | Poll::Ready(Some(Ok(Frame::Message(_)))) => {}
        }
        polled
    }

    fn poll_interrupts(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        for interrupt in &mut self.0.interrupts {
            if let Poll::Ready(status) = interrupt.get_mut().as_mut().poll(context) {
                return Poll::Ready(Some(Err(status)));
            }
        }
        Poll::Pending
    }

    fn end(&mut self, end: End<'_>) {
        self.0.source = None;
        self.0.interrupts.clear();
        while let Some(hook) = self.0.hooks.pop() {
            hook(end);
        }
    }
}

/// Whether a stream ended as it would if its peer had been interrupted too, and a moment sooner.
fn is_cut(polled: &Poll<Option<Result<Frame, Status>>>) -> bool {
    matches!(polled, Poll::Ready(Some(Err(status))) if may_be_a_cut(status))
}

/// Whether a call that ends with `status` may have been cut short for its time, by a peer or with its connection.
pub(crate) fn may_be_a_cut(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Cancelled | Code::DeadlineExceeded | Code::Unavailable
    )
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.end(End::Abandoned);
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Frames")
            .field("over", &self.0.source.is_none())
            .finish_non_exhaustive()
    }
}

// === Once ===

struct Once {
    message: Option<Message>,
    trailers: Trailers,
}

impl Source for Once {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let message = self.message.take().map(Frame::Message);
        let frame = message.or_else(|| self.trailers.take().map(|map| Frame::Trailers(*map)));
        Poll::Ready(frame.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use bytes::Bytes;
    use futures_util::FutureExt;

    use super::*;

    fn one() -> Frames {
        Frames::once(Message::from_framed(Bytes::from_static(&[0; 5])), None)
    }

    fn watched(mut frames: Frames) -> (Frames, Arc<Mutex<Vec<String>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        frames.on_end(move |end| log.lock().unwrap().push(format!("{end:?}")));
        (frames, seen)
    }

    #[test]
    fn of_several_limits_the_least_holds_and_of_equal_ones_the_first() {
        let refusal = |limits: &[(u32, &'static str)]| {
            let message = Message::from_framed(Bytes::from_static(&[0, 0, 0, 0, 3, 1, 2, 3]));
            let mut frames = Frames::once(message, None);
            for (most, named) in limits {
                frames.at_most(*most, named);
            }
            let frame = frames.frame().now_or_never().flatten().expect("a frame");
            frame.err().map(|status| status.message().to_owned())
        };
        assert_eq!(refusal(&[(4, "higher"), (3, "it")]), None);
        for limits in [
            [(2, "it"), (9, "higher")],
            [(9, "higher"), (2, "it")],
            [(2, "it"), (2, "again")],
        ] {
            let text = refusal(&limits).expect("a refusal");
            assert!(text.ends_with("`it`"), "{text}");
        }
    }

    #[test]
    fn tells_its_end_once() {
        let (mut frames, seen) = watched(one());
        assert!(matches!(
            frames.frame().now_or_never(),
            Some(Some(Ok(Frame::Message(_))))
        ));
        assert!(seen.lock().unwrap().is_empty(), "not over yet");
        assert!(matches!(frames.frame().now_or_never(), Some(None)));
        drop(frames);
        assert_eq!(*seen.lock().unwrap(), ["Complete"]);
    }

    #[test]
    fn tells_that_the_reader_went_away() {
        let (frames, seen) = watched(one());
        drop(frames);
        assert_eq!(*seen.lock().unwrap(), ["Abandoned"]);
    }

    #[test]
    fn is_ended_by_an_interrupt_though_its_source_never_pauses() {
        struct Endless;
        impl Source for Endless {
            fn poll_frame(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame, Status>>> {
                let message = Message::from_framed(Bytes::from_static(&[0; 5]));
                Poll::Ready(Some(Ok(Frame::Message(message))))
            }
        }
        let mut frames = Frames::new(Endless);
        frames.until(std::future::ready(Status::deadline_exceeded("late")));
        let read = |_| frames.frame().now_or_never().flatten().unwrap().is_ok();
        assert_eq!((0..100).map(read).take_while(|ok| *ok).count(), 31);
    }

    #[test]
    fn is_ended_by_an_interrupt_while_its_source_is_silent() {
        struct Silent;
        impl Source for Silent {
            fn poll_frame(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame, Status>>> {
                Poll::Pending
            }
        }
        let (mut frames, seen) = watched(Frames::new(Silent));
        frames.until(std::future::ready(Status::deadline_exceeded("late")));
        let ended = frames.frame().now_or_never().flatten();
        assert_eq!(ended.unwrap().unwrap_err().message(), "late");
        assert!(matches!(frames.frame().now_or_never(), Some(None)));
        assert!(seen.lock().unwrap()[0].starts_with("Failed"));
    }
}
