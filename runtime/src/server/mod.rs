//! Serves contracts and any tonic service: what is served, within which bounds, and the server's life from bind to drain.
//!
//! ```no_run
//! # async fn shown(movies: impl couplet::codegen::Contract + 'static) -> Result<(), couplet::server::ServeError> {
//! couplet::Server::builder()
//!     .add(movies)
//!     .serve("127.0.0.1:50051")
//!     .await?;
//! # Ok(()) }
//! ```

mod address;
mod admin;
mod builder;
mod control;
mod extras;
mod life;
mod lifetime;
mod limits;
mod listener;
#[cfg(feature = "metrics")]
mod metrics;
mod readiness;
mod registering;
mod shell;
#[cfg(feature = "signal")]
pub mod signal;
#[cfg(feature = "tls")]
mod tls;

use std::io;

#[cfg(feature = "tls")]
pub use crate::carrier::http2::Renewals;
pub use address::Address;
pub use admin::Page;
pub use builder::{Builder, Routed};
pub use control::Control;
pub use life::{Drained, Server};
pub use readiness::{Condition, NotReady, Readiness};
pub use shell::VersionedShell;
#[cfg(feature = "tls")]
pub use tls::{ServerTls, TlsError};

use crate::{
    carrier::http2::serve::Taken,
    config::{FileError, ServiceConfigErrors},
    discovery::DiscoveryError,
    stack::VersionedError,
};

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// It cannot listen there.
    #[error("cannot listen at {address}: {source}")]
    Bind {
        /// Where.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// Two services of one name.
    #[error("the service `{0}` was added twice")]
    Taken(&'static str),
    /// There is no such registry.
    #[error(transparent)]
    Registry(#[from] DiscoveryError),
    /// Nobody could reach it by what would be made known.
    #[error(
        "the server listens at {0}, which others cannot connect to; say where they can with \
         `.advertise(\"10.0.0.7:50051\")`"
    )]
    Unadvertised(String),
    /// Several releases of a service that do not go together.
    #[error(transparent)]
    Versioned(#[from] VersionedError),
    /// What a service config says makes no sense.
    #[error("service config: {0}")]
    ServiceConfig(#[from] ServiceConfigErrors),
    /// The file with the service config cannot be used.
    #[error(transparent)]
    ServiceConfigFile(#[from] FileError),
    /// The descriptors of a contract cannot be read.
    #[cfg(feature = "reflection")]
    #[error("cannot reflect")]
    Reflection(#[from] tonic_reflection::server::Error),
}

impl From<Taken> for ServeError {
    fn from(Taken(name): Taken) -> Self {
        Self::Taken(name)
    }
}

#[cfg(test)]
mod tests;
