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
