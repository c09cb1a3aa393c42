//! What a peer sends, as it is written in the files of a corpus: a head, a body and trailers, with empty lines between.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::Pieces;

/// More headers than these are HTTP's business: the carrier's connection counts them.
const MOST: usize = 64;

/// What one end of a call sends.
///
/// ```text
/// content-type: application/grpc
///
/// ⟨how many bytes a chunk has⟩⟨the bytes of the body⟩
///
/// grpc-status: 0
/// ```
///
/// Without a second empty line there are no trailers.
#[derive(Debug)]
pub struct Exchange {
    /// The head.
    pub head: HeaderMap,
    /// Into how many bytes the body is cut.
    pub chunk: usize,
    /// The body.
    pub body: Bytes,
    /// The trailers, if there are any.
    pub trailers: Option<HeaderMap>,
}

impl Exchange {
    /// Reads an input.
    pub fn of(input: &[u8]) -> Self {
        let (head, rest) = cut(input, first(input));
        let (body, trailers) = match last(rest) {
            None => (rest, None),
            at => {
                let (body, trailers) = cut(rest, at);
                (body, Some(headers(trailers)))
            }
        };
        let (chunk, body) = body.split_first().unwrap_or((&0, &[]));
        Self {
            head: headers(head),
            chunk: usize::from(*chunk).max(1),
            body: Bytes::copy_from_slice(body),
            trailers,
        }
    }

    /// The body, cut into chunks.
    pub fn cut(&self) -> Pieces {
        let chunks = self.body.chunks(self.chunk).map(Bytes::copy_from_slice);
        Pieces::new(chunks, self.trailers.clone())
    }

    /// The body in one chunk.
    pub fn whole(&self) -> Pieces {
        Pieces::new([self.body.clone()], self.trailers.clone())
    }
}

/// The headers that are written as `name: value`, a line each; what is none is left out.
pub fn headers(lines: &[u8]) -> HeaderMap {
    let header = |line: &[u8]| {
        let colon = line.windows(2).position(|two| two == b": ")?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(&line[colon + 2..]).ok()?;
        Some((name, value))
    };
    let mut map = HeaderMap::new();
    for (name, value) in lines
        .split(|byte| *byte == b'\n')
        .filter_map(header)
        .take(MOST)
    {
        map.append(name, value);
    }
    map
}

fn first(text: &[u8]) -> Option<usize> {
    text.windows(2).position(|two| two == b"\n\n")
}

fn last(text: &[u8]) -> Option<usize> {
    text.windows(2).rposition(|two| two == b"\n\n")
}

/// What is before and after the empty line at `at`.
fn cut(text: &[u8], at: Option<usize>) -> (&[u8], &[u8]) {
    match at {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (text, &[]),
    }
}
