//! Sends metadata of a call back with its reply: one entry before the messages, one after them.
//!
//! It stands around the service as any layer would, since a handler has no say in what follows its last message.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use couplet::{
    Status,
    call::{Body, Call, Frame, Frames, Invoke, Reply, Source},
    codegen::{Contract, Service},
    metadata::{BinaryMetadataValue, MetadataMap},
};

use super::metadata::{INITIAL, TRAILING};

/// A service whose replies carry the metadata that the test cases ask back.
#[derive(Debug, Clone)]
pub struct Echo<S>(pub S);

impl<S: Contract> Contract for Echo<S> {
    const SERVICE: &'static Service = S::SERVICE;
}

impl<S: Invoke> Invoke for Echo<S> {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let initial = call.metadata.get(INITIAL).cloned();
        let trailing = call.metadata.get_bin(TRAILING).cloned();
        let mut reply = self.0.invoke(call).await?;
        if let Some(value) = initial {
            reply.metadata.insert(INITIAL, value);
        }
        if let Some(value) = trailing {
            reply.body = ending_with(value, reply.body);
        }
        Ok(reply)
    }
}

fn ending_with(value: BinaryMetadataValue, body: Body) -> Body {
    match body {
        Body::One(message, trailers) => {
            let mut trailers = trailers.unwrap_or_default();
            trailers.insert_bin(TRAILING, value);
            Body::One(message, Some(trailers))
        }
        Body::Many(frames) => Body::Many(Frames::new(Ending {
            frames,
            value: Some(value),
        })),
    }
}

// === Ending ===

/// Frames with an entry of trailing metadata more than they came with.
struct Ending {
    frames: Frames,
    value: Option<BinaryMetadataValue>,
}

impl Source for Ending {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let mut trailers = match ready!(self.frames.poll_frame(context)) {
            Some(Ok(Frame::Trailers(trailers))) => trailers,
            None if self.value.is_some() => MetadataMap::new(),
            other => return Poll::Ready(other),
        };
        if let Some(value) = self.value.take() {
            trailers.insert_bin(TRAILING, value);
        }
        Poll::Ready(Some(Ok(Frame::Trailers(trailers))))
    }
}
