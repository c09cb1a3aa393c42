//! Length-prefixed messages out of chunks of bytes, however they were cut.
//!
//! A message that lies in one chunk is a slice of it. One that spans several is copied once, into a buffer that grows
//! with what has arrived and never by the peer's word alone.

use bytes::{Buf, Bytes, BytesMut};
use tonic::Status;

use crate::call::{Encoding, Message};

/// What a buffer may hold beyond a multiple of what has arrived, in bytes.
const AHEAD: usize = 4096;

/// Takes chunks, gives messages.
#[derive(Debug)]
pub(super) struct Reassembly {
    encoding: Option<Encoding>,
    limit: usize,
    chunk: Bytes,
    partial: BytesMut,
}

impl Reassembly {
    /// Messages of at most `limit` bytes each, compressed as `encoding` says where their flag is set.
    pub(super) fn new(encoding: Option<Encoding>, limit: usize) -> Self {
        Self {
            encoding,
            limit,
            chunk: Bytes::new(),
            partial: BytesMut::new(),
        }
    }

    /// Takes the next bytes. Every message of the ones before must have been taken out.
    pub(super) fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty(), "the chunk before was used up");
        self.chunk = chunk;
    }

    /// Whether all bytes so far were whole messages.
    pub(super) fn is_empty(&self) -> bool {
        self.chunk.is_empty() && self.partial.is_empty()
    }

    /// The next whole message, if it is there.
    ///
    /// # Errors
    /// INTERNAL for a flag that means nothing here, RESOURCE_EXHAUSTED for a message over the limit.
    pub(super) fn next(&mut self) -> Result<Option<Message>, Status> {
        let Some(framed) = self.framed()? else {
            return Ok(None);
        };
        let compressed = framed[0] == 1;
        let message = Message::from_framed(framed);
        match self.encoding {
            Some(encoding) if compressed => encoding.decompress(&message, self.limit).map(Some),
            _ => Ok(Some(message.with_compressed(false))),
        }
    }

    fn framed(&mut self) -> Result<Option<Bytes>, Status> {
        if self.chunk.is_empty() {
            return Ok(None);
        }
        if self.partial.is_empty()
            && let Some(total) = self.total(&self.chunk)?
        {
            if total <= self.chunk.len() {
                return Ok(Some(self.chunk.split_to(total)));
            }
            self.take(total);
            return Ok(None);
        }
        // The prefix itself was cut.
        self.take(Message::PREFIX);
        let Some(total) = self.total(&self.partial)? else {
            return Ok(None);
        };
        self.take(total);
        if self.partial.len() < total {
            return Ok(None);
        }
        Ok(Some(std::mem::take(&mut self.partial).freeze()))
    }

    /// Moves bytes over until the partial message has `total`.
    fn take(&mut self, total: usize) {
        let count = total
            .saturating_sub(self.partial.len())
            .min(self.chunk.len());
        let arrived = self.partial.len() + count;
        if self.partial.capacity() < arrived {
            let known = self.partial.len() + self.chunk.len();
            let room = total.min(known.saturating_mul(4).saturating_add(AHEAD));
            self.partial.reserve(room - self.partial.len());
        }
        self.partial.extend_from_slice(&self.chunk[..count]);
        self.chunk.advance(count);
    }

    /// The length of the message that begins with `bytes`, its prefix included, if enough of it is there.
    fn total(&self, bytes: &[u8]) -> Result<Option<usize>, Status> {
        let Some(&[flag, a, b, c, d]) = bytes.first_chunk() else {
            return Ok(None);
        };
        if flag > 1 {
            return Err(Status::internal(format!(
                "a message has the reserved flag {flag}; only 0 and 1 are known"
            )));
        }
        if flag == 1 && self.encoding.is_none() {
            return Err(Status::internal(
                "a message is flagged as compressed, but no grpc-encoding was given",
            ));
        }
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length > self.limit {
            return Err(Status::resource_exhausted(format!(
                "a message of {length} bytes is larger than the limit of {}; raise it with `receive_limit`",
                self.limit
            )));
        }
        Ok(Some(Message::PREFIX + length))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use tonic::Code;

    use super::*;

    fn framed(payload: &[u8]) -> Vec<u8> {
        let mut framed = vec![0];
        framed.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        framed.extend(payload);
        framed
    }

    fn feed(reassembly: &mut Reassembly, chunk: &[u8]) -> Vec<Vec<u8>> {
        reassembly.push(Bytes::copy_from_slice(chunk));
        std::iter::from_fn(|| reassembly.next().unwrap())
            .map(|message| message.payload().to_vec())
            .collect()
    }

    #[test]
    fn a_message_in_one_chunk_is_not_copied() {
        let chunk = Bytes::from(framed(&[7; 100]));
        let mut reassembly = Reassembly::new(None, 100);
        reassembly.push(chunk.clone());
        let message = reassembly.next().unwrap().unwrap();
        assert_eq!(message.framed().as_ptr(), chunk.as_ptr());
        assert!(reassembly.is_empty());
    }

    #[test]
    fn the_peers_word_alone_reserves_next_to_nothing() {
        let mut reassembly = Reassembly::new(None, 1 << 30);
        reassembly.push(Bytes::from_static(&[0, 0x3f, 0xff, 0xff, 0xff, 1]));
        assert!(reassembly.next().unwrap().is_none());
        assert!(reassembly.partial.capacity() <= 2 * AHEAD);
        assert!(!reassembly.is_empty());
    }

    #[test]
    fn the_buffer_holds_a_little_more_than_four_times_what_has_arrived_and_seldom_grows() {
        let mut reassembly = Reassembly::new(None, 1 << 30);
        reassembly.push(Bytes::from_static(&[0, 0x3f, 0xff, 0xff, 0xff]));
        assert!(reassembly.next().unwrap().is_none());
        let mut capacities = HashSet::new();
        for chunk in 1..40 {
            reassembly.push(Bytes::from_static(&[7; 10_000]));
            assert!(reassembly.next().unwrap().is_none());
            let arrived = Message::PREFIX + chunk * 10_000;
            assert!(reassembly.partial.capacity() <= 4 * arrived + AHEAD);
            capacities.insert(reassembly.partial.capacity());
        }
        assert_eq!(capacities.len(), 3, "{capacities:?}");
    }

    #[test]
    fn a_buffer_that_is_full_to_the_byte_is_large_enough() {
        let mut reassembly = Reassembly::new(None, 1 << 30);
        reassembly.push(Bytes::from_static(&[0, 0x3f, 0xff, 0xff, 0xff]));
        assert!(reassembly.next().unwrap().is_none());
        let room = reassembly.partial.capacity();
        reassembly.push(Bytes::from(vec![7; room - Message::PREFIX]));
        assert!(reassembly.next().unwrap().is_none());
        assert_eq!(reassembly.partial.capacity(), room);
    }

    #[test]
    #[cfg(feature = "gzip")]
    fn what_is_not_flagged_as_compressed_is_taken_as_it_is() {
        let mut reassembly = Reassembly::new(Some(Encoding::Gzip), 100);
        assert_eq!(feed(&mut reassembly, &framed(&[7; 9])), [[7; 9]]);
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for (prefix, code) in [
            ([2, 0, 0, 0, 0], Code::Internal),
            ([255, 0, 0, 0, 0], Code::Internal),
            ([1, 0, 0, 0, 0], Code::Internal),
            ([0, 0, 0, 0, 11], Code::ResourceExhausted),
            ([0, 255, 255, 255, 255], Code::ResourceExhausted),
        ] {
            let mut reassembly = Reassembly::new(None, 10);
            reassembly.push(Bytes::copy_from_slice(&prefix));
            assert_eq!(reassembly.next().unwrap_err().code(), code, "{prefix:?}");
        }
    }

    #[test]
    fn the_limit_is_named_with_its_remedy() {
        let mut reassembly = Reassembly::new(None, 10);
        reassembly.push(Bytes::from_static(&[0, 0, 0, 0, 11]));
        let refused = reassembly.next().unwrap_err();
        for word in ["11", "10", "receive_limit"] {
            assert!(refused.message().contains(word), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_messages(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..9),
            cuts in prop::collection::vec(1..200_usize, 1..60),
        ) {
            let wire: Vec<u8> = messages.iter().flat_map(|message| framed(message)).collect();
            let mut reassembly = Reassembly::new(None, 300);
            let (mut got, mut rest) = (Vec::new(), &wire[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (head, tail) = rest.split_at((*cut).min(rest.len()));
                got.extend(feed(&mut reassembly, head));
                rest = tail;
            }
            prop_assert!(reassembly.is_empty());
            prop_assert_eq!(got, messages);
        }
    }
}
