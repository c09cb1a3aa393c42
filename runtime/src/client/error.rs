//! Why there is no channel.

use tonic::Status;

use crate::{
    carrier::http2::TargetError,
    config::{FileError, ServiceConfigErrors},
    discovery::{self, DiscoveryError},
};

/// A channel that could not be made or whose first connection did not come up.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// The target cannot be understood.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No such scheme, neither of servers nor of what resolves names.
    #[error("unknown scheme `{0}`; known: http, https, unix, {schemes}", schemes = discovery::schemes())]
    Scheme(String),
    /// The name cannot be resolved, whoever is asked.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// `https` in a build without it.
    #[error("`{0}` needs TLS; turn on couplet's feature `tls`, or write http:// for none")]
    NoTls(String),
    /// What is to be said to servers about this program cannot be a header.
    #[error("`{0}` cannot be a user agent; write printable ASCII, such as my-service/1.2")]
    UserAgent(String),
    /// What a service config says makes no sense.
    #[error("service config: {0}")]
    ServiceConfig(#[from] ServiceConfigErrors),
    /// The file with the service config cannot be used.
    #[error(transparent)]
    ServiceConfigFile(#[from] FileError),
    /// What code says of balancing makes no sense.
    #[error("balancing: {0}")]
    Balancing(#[from] crate::policy::balance::ConfigError),
    /// The certificates or the server's name cannot be used.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] crate::carrier::http2::TlsError),
    /// The server cannot be reached.
    #[error("{}", .0.message())]
    Unreachable(Box<Status>),
}

impl ConnectError {
    /// The same about the target of a channel, which may name a service too.
    pub(super) fn of_channel(self) -> Self {
        match self {
            Self::Target(TargetError::Scheme(scheme)) => Self::Scheme(scheme),
            other => other,
        }
    }
}

impl From<ConnectError> for Status {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Unreachable(status) => *status,
            other => Self::invalid_argument(other.to_string()),
        }
    }
}
