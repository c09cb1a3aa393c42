//! How one message is put on the wire: compressed or as it is, and never over the limit.

use bytes::Bytes;
use tonic::Status;

use crate::call::{Encoding, Message};

/// What holds for every message that is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Framing {
    /// The compression of messages that do not ask to go without.
    pub(crate) encoding: Option<Encoding>,
    /// The largest message that is sent, in bytes.
    pub(crate) limit: usize,
}

impl Framing {
    /// The bytes of `message` as they go over the wire.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED over the limit, INTERNAL if it cannot be compressed.
    pub(crate) fn frame(&self, message: Message) -> Result<Bytes, Status> {
        let message = match self.encoding {
            Some(encoding) if message.compressed() != Some(false) => encoding.compress(&message)?,
            _ => message,
        };
        let length = message.framed().len() - Message::PREFIX;
        if length > self.limit {
            return Err(Status::resource_exhausted(format!(
                "a message of {length} bytes is larger than the limit of {} for sending; raise it with `send_limit`",
                self.limit
            )));
        }
        Ok(message.into_framed())
    }
}

#[cfg(all(test, feature = "gzip"))]
mod tests {
    use super::*;

    fn message() -> Message {
        Message::encode(&vec![7_u8; 999]).unwrap()
    }

    #[test]
    fn a_message_is_compressed_unless_it_asks_not_to_be() {
        let framing = Framing {
            encoding: Some(Encoding::Gzip),
            limit: usize::MAX,
        };
        assert_eq!(framing.frame(message()).unwrap()[0], 1);
        let plain = message().with_compressed(false);
        assert_eq!(framing.frame(plain).unwrap()[0], 0);
    }

    #[test]
    fn a_message_of_just_the_limit_is_sent() {
        let limit = message().bytes().len();
        let framing = |limit| Framing {
            encoding: None,
            limit,
        };
        assert!(framing(limit).frame(message()).is_ok());
        assert!(framing(limit - 1).frame(message()).is_err());
    }
}
