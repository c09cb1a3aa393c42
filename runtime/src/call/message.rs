//! One encoded message, with its five framing bytes in front.

use bytes::{BufMut, Bytes, BytesMut};
use tonic::Status;

/// An encoded message as it goes over the wire: a flag byte, its length in four bytes, the message.
///
/// Encoded once, shared by reference count, decoded from the received bytes without a copy.
#[derive(Clone, Debug)]
pub struct Message {
    framed: Bytes,
    compressed: Option<bool>,
}

impl Message {
    /// Bytes in front of every message.
    pub const PREFIX: usize = 5;

    /// Encodes a protobuf message, with one allocation.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED if it has more bytes than four bytes can count.
    pub fn encode<M: prost::Message>(message: &M) -> Result<Self, Status> {
        let length = length(message)?;
        let mut framed = BytesMut::with_capacity(Self::PREFIX + length as usize);
        put(message, length, &mut framed);
        Ok(Self::from_framed(framed.freeze()))
    }

    /// Encodes one protobuf message of many: they share the allocation of `room` while there is any.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub(super) fn encode_in<M: prost::Message>(
        room: &mut BytesMut,
        message: &M,
    ) -> Result<Self, Status> {
        let length = length(message)?;
        room.reserve(Self::PREFIX + length as usize);
        put(message, length, room);
        Ok(Self::from_framed(room.split().freeze()))
    }

    /// Takes over a message that has its five bytes in front. What they say is the carrier's to check.
    pub fn from_framed(framed: Bytes) -> Self {
        debug_assert!(framed.len() >= Self::PREFIX, "a frame has its prefix");
        Self {
            framed,
            compressed: None,
        }
    }

    /// Reads it as a protobuf message.
    ///
    /// # Errors
    /// INTERNAL if the bytes are not such a message.
    pub fn decode<M: prost::Message + Default>(&self) -> Result<M, Status> {
        M::decode(self.payload())
            .map_err(|error| Status::internal(format!("cannot decode the message: {error}")))
    }

    /// The message without its framing.
    pub fn payload(&self) -> Bytes {
        self.framed.slice(Self::PREFIX..)
    }

    /// The message without its framing, where it need not be kept.
    pub fn bytes(&self) -> &[u8] {
        self.framed.get(Self::PREFIX..).unwrap_or_default()
    }

    /// The message with its framing.
    #[inline]
    pub fn framed(&self) -> &Bytes {
        &self.framed
    }

    /// The message with its framing, without sharing it first.
    pub fn into_framed(self) -> Bytes {
        self.framed
    }

    /// Whether it has at most so many bytes without its framing; else what to say of it, with the name of the limit.
    pub(crate) fn at_most(&self, most: u32, named: &str) -> Result<(), String> {
        let length = self.bytes().len();
        match length as u64 > u64::from(most) {
            false => Ok(()),
            true => Err(format!(
                "a message of {length} bytes is larger than the {most} of `{named}`"
            )),
        }
    }

    /// On the way out: the sender's wish, or nothing where the carrier's setting decides. On the way in: whether it came
    /// compressed.
    pub fn compressed(&self) -> Option<bool> {
        self.compressed
    }

    /// The same message, to be sent compressed or not; or known to have come so.
    pub fn with_compressed(mut self, compressed: bool) -> Self {
        self.compressed = Some(compressed);
        self
    }
}

/// How long `message` is once it is encoded, in bytes, if four bytes can say it.
fn length<M: prost::Message>(message: &M) -> Result<u32, Status> {
    let length = message.encoded_len();
    u32::try_from(length).map_err(|_| {
        Status::resource_exhausted(format!(
            "a message of {length} bytes cannot be framed; the most is {}",
            u32::MAX
        ))
    })
}

/// Appends `message`, which has `length` bytes, and its framing.
fn put<M: prost::Message>(message: &M, length: u32, to: &mut BytesMut) {
    to.put_u8(0);
    to.put_u32(length);
    message.encode_raw(to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_of_a_stream_lie_side_by_side_while_there_is_room() {
        let mut room = BytesMut::with_capacity(140);
        let [one, two] = ["one", "two"].map(|text| {
            let message = text.repeat(20);
            Message::encode_in(&mut room, &message).expect("a short message")
        });
        let end = one.framed().as_ptr_range().end;
        assert_eq!(end, two.framed().as_ptr());
    }
}
