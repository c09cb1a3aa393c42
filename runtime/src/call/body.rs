//! What a call or a reply carries: one message, or many.

use tonic::{Status, metadata::MetadataMap};

use super::{Frame, Frames, Message};

/// Trailing metadata. Most replies have none, so it costs a word until there is some.
pub type Trailers = Option<Box<MetadataMap>>;

/// One message with the trailing metadata of a unary reply, or a stream of frames that ends with its own.
#[derive(Debug)]
pub enum Body {
    /// Exactly one message. A call has no trailers.
    One(Message, Trailers),
    /// Any number of messages, read as they come.
    Many(Frames),
}

impl Body {
    /// The one message of a unary call or reply, and its trailing metadata.
    ///
    /// # Errors
    /// UNIMPLEMENTED when the stream holds none or more than one, as gRPC's table of status codes has it for violated
    /// cardinality; otherwise what the stream ended with.
    pub async fn one(self) -> Result<(Message, Trailers), Status> {
        let mut frames = match self {
            Self::One(message, trailers) => return Ok((message, trailers)),
            Self::Many(frames) => frames,
        };
        let (mut only, mut trailers) = (None, None);
        while let Some(frame) = frames.frame().await {
            match frame? {
                Frame::Message(_) if only.is_some() => {
                    return Err(Status::unimplemented("expected one message, got more"));
                }
                Frame::Message(message) => only = Some(message),
                Frame::Trailers(metadata) if metadata.is_empty() => {}
                Frame::Trailers(metadata) => trailers = Some(Box::new(metadata)),
            }
        }
        match only {
            Some(message) => Ok((message, trailers)),
            None => Err(Status::unimplemented("expected one message, got none")),
        }
    }

    /// The same messages as a stream.
    pub fn into_frames(self) -> Frames {
        match self {
            Self::One(message, trailers) => Frames::once(message, trailers),
            Self::Many(frames) => frames,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        pin::Pin,
        task::{Context, Poll},
    };

    use tonic::Code;

    use super::*;
    use crate::call::Source;

    struct Scripted(VecDeque<Frame>);

    impl Source for Scripted {
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame, Status>>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    fn many(messages: usize) -> Body {
        let message = |_| {
            Message::encode(&"hi".to_owned())
                .map(Frame::Message)
                .unwrap()
        };
        Body::Many(Frames::new(Scripted((0..messages).map(message).collect())))
    }

    #[tokio::test]
    async fn one_message_is_exactly_one() {
        assert!(many(1).one().await.is_ok());
        for wrong in [0, 2] {
            let refused = many(wrong).one().await.unwrap_err();
            assert_eq!(refused.code(), Code::Unimplemented, "{wrong}: {refused}");
        }
    }

    #[tokio::test]
    async fn trailing_metadata_comes_with_the_message() {
        let mut trailers = MetadataMap::new();
        trailers.insert("a", "b".parse().unwrap());
        let mut frames = VecDeque::from([Frame::Trailers(trailers)]);
        frames.push_front(Frame::Message(Message::encode(&"hi".to_owned()).unwrap()));
        let (_, trailers) = Body::Many(Frames::new(Scripted(frames)))
            .one()
            .await
            .unwrap();
        assert_eq!(trailers.unwrap().get("a").unwrap(), "b");
    }
}
