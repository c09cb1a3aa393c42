//! The settings of the client's end, as plain data with gRPC's defaults where it has some.

use std::time::Duration;

use http::HeaderValue;

use super::{connector::Connector, decode::RECEIVE_LIMIT, keepalive::Keepalive};
use crate::{
    call::Encoding,
    policy::backoff::{Backoff, MIN_CONNECT_TIMEOUT},
};

/// How much a peer may send on one stream before it is read, in bytes.
const STREAM_WINDOW: u32 = 2 << 20;

/// How much a peer may send on all streams of a connection before it is read. It is generous because h2 takes half of
/// it as the budget for small DATA frames, beyond which it ends the connection.
const CONNECTION_WINDOW: u32 = 16 << 20;

/// The largest frame that is taken: a message of 64 KiB arrives in one piece.
const FRAME: u32 = 128 << 10;

/// The most that the names and values of an answer's headers may take, in bytes.
const HEADERS: u32 = 64 << 10;

/// How much of an upload is taken off its source before the peer makes room, in bytes.
const SEND_BUFFER: usize = 1 << 20;

/// How long a channel has no call before it leaves its connections, as in gRPC.
pub(crate) const IDLE: Duration = Duration::from_secs(30 * 60);

/// The settings of one channel.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// What dials in place of the system.
    pub(crate) connector: Option<Connector>,
    /// How long one attempt to connect may take, handshakes included.
    pub(crate) connect_timeout: Duration,
    /// The pauses between attempts to connect.
    pub(crate) backoff: Backoff,
    /// The most connections at once.
    pub(crate) max_connections: usize,
    /// How long there is no call before all connections are left; for ever if none.
    pub(crate) idle_timeout: Option<Duration>,
    /// Whether and how a silent connection is tried.
    pub(crate) keepalive: Option<Keepalive>,
    /// The largest message that is received, in bytes.
    pub(crate) receive_limit: usize,
    /// The largest message that is sent, in bytes.
    pub(crate) send_limit: usize,
    /// How messages are compressed where a call does not say.
    pub(crate) encoding: Option<Encoding>,
    /// What this program calls itself.
    pub(crate) user_agent: HeaderValue,
    /// What encrypts connections.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<super::tls::Encrypt>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connector: None,
            connect_timeout: MIN_CONNECT_TIMEOUT,
            backoff: Backoff::default(),
            max_connections: 4,
            idle_timeout: Some(IDLE),
            keepalive: None,
            receive_limit: RECEIVE_LIMIT,
            send_limit: usize::MAX,
            encoding: None,
            user_agent: HeaderValue::from_static(concat!("couplet/", env!("CARGO_PKG_VERSION"))),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// What is asked of the peer before anything else.
pub(super) fn handshake() -> h2::client::Builder {
    let mut builder = h2::client::Builder::new();
    builder
        .enable_push(false)
        // No stream before the peer's settings say how many: until then the connection is not up.
        .initial_max_send_streams(0)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
        .max_header_list_size(HEADERS)
        .max_send_buffer_size(SEND_BUFFER);
    builder
}
