//! The bounds of a server: how much one client, and all of them, may ask for. Each has a default that is stated here.

use std::time::Duration;

use super::Builder;
use crate::call::Encoding;

impl Builder {
    /// Connections at once; further ones wait in the system's queue. 1024 by default.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Calls at once on one connection; clients hold back further ones. 1000 by default.
    pub fn max_concurrent_streams(mut self, streams: u32) -> Self {
        self.settings.max_concurrent_streams = streams;
        self
    }

    /// Bytes of a call's headers, counted as HTTP/2 does. 16 KiB by default; a call with more is answered with HTTP 431.
    pub fn max_header_list_size(mut self, bytes: u32) -> Self {
        self.settings.max_header_list_size = bytes;
        self
    }

    /// Bytes of the largest message that is read, compressed or not. 4 MiB by default; more is RESOURCE_EXHAUSTED.
    pub fn receive_limit(mut self, bytes: usize) -> Self {
        self.messages.receive = bytes;
        self
    }

    /// Bytes of the largest message that is sent. Unlimited by default; more is RESOURCE_EXHAUSTED.
    pub fn send_limit(mut self, bytes: usize) -> Self {
        self.messages.send = bytes;
        self
    }

    /// How long the message of a unary or server-streaming call may take to arrive. 60 s by default; longer is
    /// DEADLINE_EXCEEDED. Streams of calls may take as long as their deadline.
    pub fn message_timeout(mut self, timeout: Duration) -> Self {
        self.messages.patience = timeout;
        self
    }

    /// How long a client may take over TLS and the first bytes of HTTP/2. 10 s by default.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// Asks a client that was silent for `interval` for a sign of life, and drops its connection if none comes within
    /// `timeout`. 30 s and 20 s by default; `None` never asks, so that dead clients are noticed by the system alone.
    pub fn keepalive(mut self, interval: Option<Duration>, timeout: Duration) -> Self {
        self.settings.keepalive_interval = interval;
        self.settings.keepalive_timeout = timeout;
        self
    }

    /// Bytes that one call, and all calls of a connection, may send ahead of their handlers. 1 MiB and 8 MiB by default.
    ///
    /// The second bounds the memory of a connection. It is also what HTTP/2's guard against floods of tiny frames allows
    /// twice of, so streams of small messages want it large.
    pub fn windows(mut self, stream: u32, connection: u32) -> Self {
        self.settings.stream_window = stream;
        self.settings.connection_window = connection;
        self
    }

    /// Compresses answers for the clients that say they can read it. Off by default.
    pub fn send_compressed(mut self, encoding: Encoding) -> Self {
        self.messages.compression = Some(encoding);
        self
    }
}
