//! Where a server listens.

use std::{fmt, net::SocketAddr, path::PathBuf};

/// A place to listen at: a socket address, a host name with a port, or a unix socket as `unix:/path`.
///
/// ```
/// use couplet::server::Address;
///
/// assert_eq!(Address::from("unix:/run/movies").to_string(), "unix:/run/movies");
/// assert_eq!(Address::from("localhost:50051").to_string(), "localhost:50051");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// Host and port. A name is looked up when the server is bound; port 0 lets the system choose.
    Tcp(String),
    /// The path of a unix socket.
    Unix(PathBuf),
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        match text.strip_prefix("unix:") {
            Some(path) => Self::Unix(path.into()),
            None => Self::Tcp(text.to_owned()),
        }
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address.to_string())
    }
}

impl From<PathBuf> for Address {
    fn from(path: PathBuf) -> Self {
        Self::Unix(path)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => formatter.write_str(address),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}
