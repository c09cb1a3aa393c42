//! What a served connection may ask for: every number that bounds it, with its reason.

use std::time::Duration;

use hyper::server::conn::http2::Builder;
use hyper_util::rt::TokioTimer;

use super::{Ages, calls::Calls};
use crate::{call::Encoding, carrier::http2::decode::RECEIVE_LIMIT};

/// The bounds of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How long a client may take over TLS and the first bytes of HTTP/2.
    pub(crate) handshake_timeout: Duration,
    /// Calls at once.
    pub(crate) max_concurrent_streams: u32,
    /// Bytes of headers, as HTTP/2 counts them.
    pub(crate) max_header_list_size: u32,
    /// After how much silence the client is asked for a sign of life; never if `None`.
    pub(crate) keepalive_interval: Option<Duration>,
    /// How long it may take to give one.
    pub(crate) keepalive_timeout: Duration,
    /// Bytes that one call may send ahead of its reader.
    pub(crate) stream_window: u32,
    /// Bytes that all calls of a connection may send ahead of their readers.
    pub(crate) connection_window: u32,
    /// How long it lasts.
    pub(crate) ages: Ages,
}

/// The bounds of one message, and how it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Messages {
    /// Bytes of the largest message that is read.
    pub(crate) receive: usize,
    /// Bytes of the largest message that is sent.
    pub(crate) send: usize,
    /// How long the message of a call that has one may take to arrive.
    pub(crate) patience: Duration,
    /// How answers are compressed for clients that can read it.
    pub(crate) compression: Option<Encoding>,
}

/// The largest frame that is taken: a message of 64 KiB arrives in one piece, and is read without a copy.
const FRAME: u32 = 128 << 10;
/// Bytes of one answer that wait for the client to read them.
const SEND_BUFFER: usize = 400 << 10;
/// Cancelled calls that were not looked at yet. h2 allows 20 and then ends the connection, which a client that cancels
/// 50 calls in one write does not deserve.
const PENDING_RESETS: usize = 1024;

// === Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(10),
            max_concurrent_streams: 1000,
            max_header_list_size: 16 << 10,
            keepalive_interval: Some(Duration::from_secs(30)),
            keepalive_timeout: Duration::from_secs(20),
            stream_window: 1 << 20,
            // h2 ends a connection whose small frames exceed half of this.
            connection_window: 8 << 20,
            ages: Ages::default(),
        }
    }
}

impl Settings {
    /// How hyper is to serve a connection whose calls `calls` runs.
    pub(super) fn http(&self, calls: Calls) -> Builder<Calls> {
        let mut builder = Builder::new(calls);
        builder
            .timer(TokioTimer::new())
            .auto_date_header(false)
            .max_concurrent_streams(self.max_concurrent_streams)
            .max_header_list_size(self.max_header_list_size)
            .max_pending_accept_reset_streams(PENDING_RESETS)
            .max_frame_size(FRAME)
            .max_send_buf_size(SEND_BUFFER)
            .initial_stream_window_size(self.stream_window)
            .initial_connection_window_size(self.connection_window)
            .keep_alive_interval(self.keepalive_interval)
            .keep_alive_timeout(self.keepalive_timeout);
        builder
    }
}

// === Messages ===

impl Default for Messages {
    fn default() -> Self {
        Self {
            receive: RECEIVE_LIMIT,
            send: usize::MAX,
            patience: Duration::from_secs(60),
            compression: None,
        }
    }
}
