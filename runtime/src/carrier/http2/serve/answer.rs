//! The body of a response, of whichever service.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tonic::{Status, body::Body as AnyBody};

use crate::carrier::http2::encode::Outgoing;

/// What a response holds.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A reply of one of our stacks, without a box.
    Own(Outgoing),
    /// Whatever an HTTP service answers.
    Foreign(AnyBody),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.get_mut() {
            Self::Own(body) => Pin::new(body).poll_frame(context),
            Self::Foreign(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Foreign(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Foreign(body) => body.size_hint(),
        }
    }
}
