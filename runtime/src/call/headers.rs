//! The names of the headers, and the heads of calls and replies as they are written and read.

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tonic::{Status, metadata::MetadataMap};

use super::{Announced, Call, Encoding, Reply, Trace, timeout};

/// The remaining time of a call.
pub const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// How compressed messages of this stream are compressed.
pub const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// What compression the sender can read.
pub const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
/// The code of the outcome.
pub const STATUS: HeaderName = HeaderName::from_static("grpc-status");
/// The text of the outcome, percent-encoded.
pub const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// The details of the outcome, a `google.rpc.Status`.
pub const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// Which attempt this is, from the second on (gRFC A6).
pub const PREVIOUS_ATTEMPTS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");
/// Whether and when to try again (gRFC A6).
pub const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");
/// The release of the contract that the sender was built from.
pub const VERSION: HeaderName = HeaderName::from_static("x-api-version");
/// The least release of the other end that the sender can live with.
pub const MIN: HeaderName = HeaderName::from_static("x-api-min");
/// The trace of a call, and the span in it that caused the call (W3C Trace Context).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What tracing systems say to each other (W3C Trace Context).
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Which action or compensation of which saga a call is.
pub const SAGA: HeaderName = HeaderName::from_static("x-saga-id");

/// The number of the code that a fallback stands in for. Said to the caller by its own client, never sent.
pub const FALLBACK: HeaderName = HeaderName::from_static("x-fallback");

/// What a call asks fault injection for (gRFC A33).
#[cfg(feature = "faults")]
pub mod fault {
    use http::HeaderName;

    /// To end with this HTTP status.
    pub const ABORT_HTTP: HeaderName = HeaderName::from_static("x-envoy-fault-abort-request");
    /// To end with this gRPC code, as a number.
    pub const ABORT_GRPC: HeaderName = HeaderName::from_static("x-envoy-fault-abort-grpc-request");
    /// In so many cases of a hundred.
    pub const ABORT_PERCENTAGE: HeaderName =
        HeaderName::from_static("x-envoy-fault-abort-request-percentage");
    /// To be held up for so many milliseconds.
    pub const DELAY: HeaderName = HeaderName::from_static("x-envoy-fault-delay-request");
    /// In so many cases of a hundred.
    pub const DELAY_PERCENTAGE: HeaderName =
        HeaderName::from_static("x-envoy-fault-delay-request-percentage");
}

/// How much a call matters: `critical`, `default`, `sheddable` or `batch`.
pub const PRIORITY: HeaderName = HeaderName::from_static("x-priority");

/// The content type of gRPC.
pub const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");

/// What users' metadata may not say for itself. The release is not among them: a layer says it, and says it last.
const RESERVED: [HeaderName; 9] = [
    STATUS,
    MESSAGE,
    DETAILS,
    TIMEOUT,
    ENCODING,
    ACCEPT_ENCODING,
    PREVIOUS_ATTEMPTS,
    header::TE,
    header::CONTENT_TYPE,
];

/// What the head of a call says besides its metadata.
#[derive(Debug)]
pub struct Head {
    /// What is left of the caller's time.
    pub timeout: Option<Duration>,
    /// How many attempts of the call there were before; none, where what is said is no number.
    pub previous_attempts: u32,
    /// What the sender says of its release.
    pub announced: Announced,
    /// How its compressed messages are compressed.
    pub encoding: Option<Encoding>,
    /// The trace that the call belongs to; none, where what is said is none.
    pub trace: Option<Trace>,
}

/// Takes what only the protocol may say out of a user's metadata.
pub fn remove_reserved(map: &mut HeaderMap) {
    if !map.is_empty() {
        for name in RESERVED {
            map.remove(name);
        }
    }
}

/// Whether a content type is gRPC's, with protobuf messages.
pub fn is_grpc(content_type: Option<&HeaderValue>) -> bool {
    let Some(rest) =
        content_type.and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"))
    else {
        return false;
    };
    matches!(rest, [] | [b';', ..]) || rest == b"+proto" || rest.starts_with(b"+proto;")
}

impl Call {
    /// Writes the head of the call as it is at `now`, and takes its metadata for it.
    pub fn write_head(&mut self, now: Instant) -> HeaderMap {
        let mut map = std::mem::take(&mut self.metadata).into_map().into_headers();
        remove_reserved(&mut map);
        map.reserve(8);
        announce(&self.announced, &mut map);
        map.insert(header::TE, TRAILERS);
        map.insert(header::CONTENT_TYPE, GRPC);
        if let Some(value) = self.deadline.remaining(now).and_then(timeout::encode) {
            map.insert(TIMEOUT, value);
        }
        // A server is told, so that it may compress. A reply does not say it: no client asks.
        if let Some(accepted) = Encoding::ACCEPTED {
            map.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
        }
        compress(self.encoding, &mut map);
        if self.attempt.previous > 0 {
            map.insert(PREVIOUS_ATTEMPTS, self.attempt.previous.into());
        }
        if let Some(trace) = &self.trace {
            trace.write(&mut map);
        }
        map
    }
}

impl Reply {
    /// Writes the head of the reply, and takes its metadata for it.
    pub fn write_head(&mut self) -> HeaderMap {
        let mut map = std::mem::take(&mut self.metadata).into_map().into_headers();
        remove_reserved(&mut map);
        map.reserve(6);
        map.insert(header::CONTENT_TYPE, GRPC);
        announce(&self.announced, &mut map);
        compress(self.encoding, &mut map);
        map
    }
}

impl Head {
    /// Reads the head of a call, whatever a peer put there.
    ///
    /// # Errors
    /// INTERNAL if the timeout is malformed or said twice, UNIMPLEMENTED if the compression is not known here.
    pub fn of_call(map: &HeaderMap) -> Result<Self, Status> {
        let timeout = read_timeout(map)?;
        let previous = map.get(PREVIOUS_ATTEMPTS);
        let previous = previous.and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Self {
            timeout,
            previous_attempts: previous.unwrap_or(0),
            trace: Trace::read(map),
            ..Self::of_reply(map)?
        })
    }

    /// Reads the head of a reply, whatever a peer put there.
    ///
    /// # Errors
    /// UNIMPLEMENTED if the compression is not known here.
    pub fn of_reply(map: &HeaderMap) -> Result<Self, Status> {
        Ok(Self {
            timeout: None,
            previous_attempts: 0,
            announced: Announced::read(map),
            encoding: Encoding::read(map.get(ENCODING))?,
            trace: None,
        })
    }
}

/// What is left of the caller's time.
///
/// # Errors
/// INTERNAL if it is malformed or said twice.
pub fn read_timeout(map: &HeaderMap) -> Result<Option<Duration>, Status> {
    let mut timeouts = map.get_all(TIMEOUT).iter();
    match (timeouts.next(), timeouts.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => timeout::decode(value)
            .map(Some)
            .map_err(|error| Status::internal(error.to_string())),
        (Some(_), Some(_)) => Err(Status::internal("grpc-timeout was sent twice")),
    }
}

/// Writes what this end says of its release, and nothing a user says in its place.
pub fn announce(announced: &Announced, map: &mut HeaderMap) {
    if let Announced::Own(said) = announced {
        map.insert(VERSION, said.version.clone());
        map.insert(MIN, said.min.clone());
    } else if !map.is_empty() {
        map.remove(VERSION);
        map.remove(MIN);
    }
}

fn compress(encoding: Option<Encoding>, map: &mut HeaderMap) {
    if let Some(encoding) = encoding {
        map.insert(ENCODING, HeaderValue::from_static(encoding.name()));
    }
}

/// Puts an entry into metadata, in the place of one of the same name.
pub fn insert(metadata: &mut MetadataMap, name: HeaderName, value: HeaderValue) {
    let mut map = std::mem::take(metadata).into_headers();
    map.insert(name, value);
    *metadata = MetadataMap::from_headers(map);
}

/// Adds all entries of `more` to `metadata`.
pub fn merge(metadata: &mut MetadataMap, more: MetadataMap) {
    let mut map = std::mem::take(metadata).into_headers();
    let mut last = None;
    for (name, value) in more.into_headers() {
        // A header map gives the name of an entry with its first value only.
        last = name.or(last);
        if let Some(name) = &last {
            map.append(name, value);
        }
    }
    *metadata = MetadataMap::from_headers(map);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{self, Message};
    use crate::fixture::{ECHO, say};

    fn map(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(HeaderName, &'static str)| {
            (name.clone(), HeaderValue::from_static(value))
        };
        let mut map = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            map.append(name, value);
        }
        map
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a test needs some instant to count from"
    )]
    fn a_user_cannot_say_what_only_the_protocol_may() {
        let now = Instant::now();
        let mut call = say(&ECHO, "");
        let forged = map(&[
            (TIMEOUT, "1n"),
            (STATUS, "0"),
            (VERSION, "9.9.9"),
            (header::CONTENT_TYPE, "text/html"),
            (HeaderName::from_static("x-trace"), "abc"),
        ]);
        call.metadata = MetadataMap::from_headers(forged).into();
        let head = call.write_head(now);
        assert_eq!(head.get(TIMEOUT), None);
        assert_eq!(head.get(STATUS), None);
        assert_eq!(head.get(VERSION), None);
        assert_eq!(head[header::CONTENT_TYPE], "application/grpc");
        assert_eq!(head["x-trace"], "abc");
    }

    #[test]
    fn a_reply_says_that_it_is_grpc_and_what_the_user_says_but_no_status() {
        let mut reply = Reply::new(call::Body::One(Message::encode(&()).unwrap(), None));
        let said = map(&[
            (STATUS, "0"),
            (header::CONTENT_TYPE, "text/html"),
            (HeaderName::from_static("x-trace"), "abc"),
        ]);
        reply.metadata = MetadataMap::from_headers(said).into();
        let head = reply.write_head();
        assert_eq!(head[header::CONTENT_TYPE], "application/grpc");
        assert_eq!(head["x-trace"], "abc");
        assert_eq!(head.get(STATUS), None);
        assert!(reply.metadata.is_empty());
    }

    /// Seen in tonic (a malformed timeout is ignored).
    #[test]
    fn a_timeout_that_is_malformed_or_said_twice_is_internal() {
        for hostile in [
            map(&[(TIMEOUT, "+5S")]),
            map(&[(TIMEOUT, "1S"), (TIMEOUT, "2S")]),
        ] {
            let refused = Head::of_call(&hostile).unwrap_err();
            assert_eq!(refused.code(), tonic::Code::Internal, "{refused}");
        }
        let head = Head::of_call(&map(&[(TIMEOUT, "2S")])).unwrap();
        assert_eq!(head.timeout, Some(Duration::from_secs(2)));
    }

    #[test]
    fn only_grpc_is_grpc() {
        let is = |text| is_grpc(Some(&HeaderValue::from_static(text)));
        assert!(
            is("application/grpc")
                && is("application/grpc+proto")
                && is("application/grpc; charset=utf-8")
        );
        assert!(
            !is("application/json") && !is("application/grpc-web") && !is("application/grpc+json")
        );
        assert!(!is_grpc(None));
    }

    #[test]
    fn merging_keeps_every_value_of_a_name() {
        let name = HeaderName::from_static("a");
        let mut metadata = MetadataMap::from_headers(map(&[(name.clone(), "1")]));
        let more = map(&[(name.clone(), "2"), (name, "3")]);
        merge(&mut metadata, MetadataMap::from_headers(more));
        let values: Vec<_> = metadata.get_all("a").iter().collect();
        assert_eq!(values, ["1", "2", "3"]);
    }
}
