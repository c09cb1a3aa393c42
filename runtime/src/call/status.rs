//! How an outcome is written to trailers and read from them, whatever a peer put there.

use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};
use tonic::{
    Code, Status,
    metadata::{MetadataMap, MetadataValue},
};

use super::headers::{DETAILS, MESSAGE, STATUS, remove_reserved};

/// What gRPC's percent-encoding leaves as it is: printable ASCII but `%`.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%').add(0x7f);

/// The codes as they are written, by number.
const CODES: [&str; 17] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
];

/// Trailers that say OK, with trailing metadata.
pub fn ok(metadata: MetadataMap) -> HeaderMap {
    let mut map = metadata.into_headers();
    remove_reserved(&mut map);
    map.insert(STATUS, HeaderValue::from_static(CODES[0]));
    map
}

/// Trailers that say `status`, with its details and metadata.
pub fn write(status: &Status) -> HeaderMap {
    let mut map = status.metadata().clone().into_headers();
    remove_reserved(&mut map);
    let code = CODES[status.code() as usize];
    map.insert(STATUS, HeaderValue::from_static(code));
    if !status.message().is_empty() {
        let escaped = percent_encode(status.message().as_bytes(), ESCAPED).to_string();
        if let Ok(value) = HeaderValue::try_from(escaped) {
            map.insert(MESSAGE, value);
        }
    }
    if !status.details().is_empty() {
        let encoded = MetadataValue::from_bytes(status.details());
        if let Ok(value) = HeaderValue::from_bytes(encoded.as_encoded_bytes()) {
            map.insert(DETAILS, value);
        }
    }
    map
}

/// Reads trailers, or the head of an answer without a body. `None` if they hold no `grpc-status`.
///
/// OK comes back as the metadata that came with it. A status that is no number is UNKNOWN; a message or details that
/// cannot be read are left out rather than made up.
pub fn read(mut map: HeaderMap) -> Option<Result<MetadataMap, Status>> {
    let code = map.remove(STATUS)?;
    if code.as_bytes() == b"0" {
        remove_reserved(&mut map);
        return Some(Ok(MetadataMap::from_headers(map)));
    }
    let message = map.remove(MESSAGE).map_or_else(String::new, |value| {
        let decoded = percent_decode(value.as_bytes());
        decoded.decode_utf8_lossy().into_owned()
    });
    let details = map.remove(DETAILS).and_then(|value| details(&value));
    remove_reserved(&mut map);
    let (code, message) = match read_code(&code) {
        Some(code) => (code, message),
        None => (
            Code::Unknown,
            format!("the peer answered with grpc-status {code:?}: {message}"),
        ),
    };
    let metadata = MetadataMap::from_headers(map);
    Some(Err(Status::with_details_and_metadata(
        code,
        message,
        details.unwrap_or_default(),
        metadata,
    )))
}

fn read_code(value: &HeaderValue) -> Option<Code> {
    let text = value.to_str().ok()?;
    let number = CODES.iter().position(|code| *code == text)?;
    Some(Code::from_i32(i32::try_from(number).ok()?))
}

fn details(value: &HeaderValue) -> Option<bytes::Bytes> {
    let mut one = MetadataMap::from_headers(HeaderMap::from_iter([(DETAILS, value.clone())]));
    one.remove_bin(DETAILS.as_str())?.to_bytes().ok()
}

/// The code of an HTTP answer that carries no `grpc-status`, by gRPC's table.
pub fn from_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &[u8])| {
            (
                http::HeaderName::from_static(name),
                HeaderValue::from_bytes(value).unwrap(),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_status_comes_back_as_it_was_written() {
        let text = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
        let mut sent = Status::with_details(Code::NotFound, text, vec![1, 2, 255].into());
        sent.metadata_mut().insert("where", "here".parse().unwrap());
        let got = read(write(&sent)).unwrap().unwrap_err();
        assert_eq!(got.code(), Code::NotFound);
        assert_eq!(got.message(), text);
        assert_eq!(got.details(), [1, 2, 255]);
        assert_eq!(got.metadata().get("where").unwrap(), "here");
    }

    #[test]
    fn ok_brings_its_metadata_and_nothing_else() {
        let mut metadata = MetadataMap::new();
        metadata.insert("a", "b".parse().unwrap());
        let got = read(ok(metadata)).unwrap().unwrap();
        assert_eq!(got.len(), 1);
    }

    #[test]
    fn hostile_trailers_become_a_status_and_never_a_panic() {
        for bad in [
            &b"x"[..],
            b"",
            b"17",
            b"-1",
            b"00",
            b"0 ",
            b"\xff",
            b"99999999999",
        ] {
            let status = read(map(&[("grpc-status", bad)])).unwrap().unwrap_err();
            assert_eq!(status.code(), Code::Unknown, "{bad:?}");
        }
        let broken = map(&[
            ("grpc-status", b"5"),
            ("grpc-message", b"%zz%c3%28\xff"),
            ("grpc-status-details-bin", b"*** not base64 ***"),
        ]);
        let status = read(broken).unwrap().unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        assert!(status.details().is_empty());
        assert!(read(map(&[])).is_none());
    }
}
