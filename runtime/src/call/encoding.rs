//! Compression of single messages: which there are, and the two directions, bounded.

use std::io::{self, Read};

use bytes::{BufMut, BytesMut};
use http::HeaderValue;
use tonic::Status;

use super::Message;

/// A compression that this build knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// gzip.
    #[cfg(feature = "gzip")]
    Gzip,
    /// Zstandard.
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Encoding {
    /// To add a compression: its variant, its name here, and its line in `compress` and `decompress`. Best first.
    const ALL: &[Self] = &[
        #[cfg(feature = "zstd")]
        Self::Zstd,
        #[cfg(feature = "gzip")]
        Self::Gzip,
    ];

    /// What this build can read, as `grpc-accept-encoding` has it.
    pub const ACCEPTED: Option<&'static str> =
        match (cfg!(feature = "gzip"), cfg!(feature = "zstd")) {
            (true, true) => Some("identity,gzip,zstd"),
            (true, false) => Some("identity,gzip"),
            (false, true) => Some("identity,zstd"),
            (false, false) => None,
        };

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "gzip")]
            Self::Gzip => "gzip",
            #[cfg(feature = "zstd")]
            Self::Zstd => "zstd",
        }
    }

    /// Reads `grpc-encoding`.
    pub(super) fn read(value: Option<&HeaderValue>) -> Result<Option<Self>, Status> {
        let Some(value) = value else { return Ok(None) };
        if value.as_bytes() == b"identity" {
            return Ok(None);
        }
        let known = Self::ALL
            .iter()
            .find(|encoding| encoding.name().as_bytes() == value.as_bytes());
        match known {
            Some(encoding) => Ok(Some(*encoding)),
            None => Err(Status::unimplemented(format!(
                "cannot read grpc-encoding {value:?}; known: {}",
                Self::ACCEPTED.unwrap_or("identity")
            ))),
        }
    }

    /// Whether `grpc-accept-encoding` names this one.
    pub fn is_in(self, value: &HeaderValue) -> bool {
        value
            .to_str()
            .is_ok_and(|text| text.split(',').any(|name| name.trim() == self.name()))
    }

    /// The message, compressed.
    ///
    /// # Errors
    /// INTERNAL if the compressor fails.
    pub fn compress(self, message: &Message) -> Result<Message, Status> {
        let payload = message.payload();
        let mut framed = BytesMut::with_capacity(Message::PREFIX + payload.len() / 2 + 64);
        framed.put_u8(1);
        framed.put_u32(0);
        let framed = self
            .squeeze(&payload, framed.writer())
            .map_err(|error| Status::internal(format!("cannot compress: {error}")))?;
        let mut framed = framed.into_inner();
        let length = u32::try_from(framed.len() - Message::PREFIX)
            .map_err(|_| Status::resource_exhausted("the compressed message is over 4 GiB"))?;
        framed[1..Message::PREFIX].copy_from_slice(&length.to_be_bytes());
        Ok(Message::from_framed(framed.freeze()).with_compressed(true))
    }

    /// The message as it was before compression, of at most `limit` bytes.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED beyond the limit, INTERNAL if the bytes are not what the encoding says.
    pub fn decompress(self, message: &Message, limit: usize) -> Result<Message, Status> {
        let payload = message.payload();
        let mut framed = BytesMut::with_capacity(Message::PREFIX + payload.len() * 2).writer();
        framed.get_mut().put_bytes(0, Message::PREFIX);
        // One byte more than allowed tells a message that is too long from one that just fits.
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut reader = self.reader(&payload).map_err(malformed)?.take(most);
        let read = io::copy(&mut reader, &mut framed).map_err(malformed)?;
        if read == most {
            return Err(Status::resource_exhausted(format!(
                "the decompressed message is larger than the limit of {limit} bytes"
            )));
        }
        let length = u32::try_from(read)
            .map_err(|_| Status::resource_exhausted("the decompressed message is over 4 GiB"))?;
        let mut framed = framed.into_inner();
        framed[1..Message::PREFIX].copy_from_slice(&length.to_be_bytes());
        Ok(Message::from_framed(framed.freeze()).with_compressed(true))
    }
}

fn malformed(error: io::Error) -> Status {
    Status::internal(format!("cannot decompress the message: {error}"))
}

#[cfg_attr(
    not(any(feature = "gzip", feature = "zstd")),
    expect(
        unused_variables,
        reason = "without an encoding there is nothing to do"
    )
)]
impl Encoding {
    fn squeeze<W: io::Write>(self, payload: &[u8], into: W) -> io::Result<W> {
        match self {
            #[cfg(feature = "gzip")]
            Self::Gzip => {
                let mut writer =
                    flate2::write::GzEncoder::new(into, flate2::Compression::default());
                io::Write::write_all(&mut writer, payload)?;
                writer.finish()
            }
            #[cfg(feature = "zstd")]
            Self::Zstd => {
                let mut writer = zstd::Encoder::new(into, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                io::Write::write_all(&mut writer, payload)?;
                writer.finish()
            }
        }
    }

    fn reader<'a>(self, payload: &'a [u8]) -> io::Result<Box<dyn Read + 'a>> {
        match self {
            #[cfg(feature = "gzip")]
            Self::Gzip => Ok(Box::new(flate2::read::MultiGzDecoder::new(payload))),
            #[cfg(feature = "zstd")]
            Self::Zstd => Ok(Box::new(zstd::Decoder::with_buffer(payload)?)),
        }
    }
}

#[cfg(all(test, feature = "gzip", feature = "zstd"))]
mod tests {
    use super::*;

    fn message(payload: &[u8]) -> Message {
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(payload.len().try_into().unwrap());
        framed.put_slice(payload);
        Message::from_framed(framed.freeze())
    }

    #[test]
    fn a_message_comes_back_as_it_was() {
        for encoding in Encoding::ALL {
            let squeezed = encoding.compress(&message(&[7; 9000])).unwrap();
            assert!(squeezed.framed().len() < 900, "{encoding:?}");
            assert_eq!(squeezed.framed()[0], 1);
            let said = u32::from_be_bytes(squeezed.framed()[1..5].try_into().unwrap());
            assert_eq!(said as usize, squeezed.bytes().len());
            let back = encoding.decompress(&squeezed, 9000).unwrap();
            assert_eq!(back.framed(), message(&[7; 9000]).framed());
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        for encoding in Encoding::ALL {
            let bomb = encoding.compress(&message(&vec![0; 1 << 20])).unwrap();
            let refused = encoding.decompress(&bomb, (1 << 20) - 1).unwrap_err();
            assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
        }
    }

    #[test]
    fn garbage_is_an_error() {
        for encoding in Encoding::ALL {
            let refused = encoding.decompress(&message(b"garbage"), 99).unwrap_err();
            assert_eq!(refused.code(), tonic::Code::Internal);
        }
    }

    #[test]
    fn a_peer_reads_what_is_on_its_list() {
        let list = HeaderValue::from_static("identity, gzip");
        assert!(Encoding::Gzip.is_in(&list) && !Encoding::Zstd.is_in(&list));
        let garbage = HeaderValue::from_bytes(b"gzip,\xff").unwrap();
        assert!(!Encoding::Gzip.is_in(&garbage));
    }

    #[test]
    fn the_peer_is_told_what_would_be_read() {
        let value = HeaderValue::from_static("snappy");
        let refused = Encoding::read(Some(&value)).unwrap_err();
        assert!(
            refused.message().contains("identity,gzip,zstd"),
            "{refused}"
        );
    }
}
