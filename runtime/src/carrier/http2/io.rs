//! Whatever carries bytes: TCP, a unix socket, TLS over either.

use tokio::io::{AsyncRead, AsyncWrite};

/// A connection's bytes. One virtual call for a read or a write is nothing beside the system's.
pub(super) type Io = Box<dyn Duplex>;

/// Reads and writes.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}
