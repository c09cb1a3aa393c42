//! Who is at the other end of a call that is being served: known for each connection once, shared by all of its calls.

use std::net::SocketAddr;

use bytes::Bytes;

/// The other end of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// Where it calls from; `None` where there are no addresses: on a unix socket, in memory.
    pub address: Option<SocketAddr>,
    /// The certificates that it showed, its own first, as DER. Empty without mutual TLS.
    pub certificates: Vec<Bytes>,
}

impl Peer {
    /// A peer of which nothing but its address is known.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address: Some(address),
            certificates: Vec::new(),
        }
    }
}
