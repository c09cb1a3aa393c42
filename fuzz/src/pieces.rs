//! An HTTP body that is there already, in pieces.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};

/// Some chunks, then perhaps trailers.
#[derive(Debug)]
pub struct Pieces(VecDeque<Frame<Bytes>>);

impl Pieces {
    /// These chunks, and these trailers.
    pub fn new(chunks: impl IntoIterator<Item = Bytes>, trailers: Option<HeaderMap>) -> Self {
        let chunks = chunks.into_iter().map(Frame::data);
        Self(chunks.chain(trailers.map(Frame::trailers)).collect())
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}
