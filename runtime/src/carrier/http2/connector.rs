//! Dials in place of the system: connections that somebody else makes, such as a tunnel's, a proxy's or a simulation's.

use std::{fmt, future::Future, io, pin::Pin, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};

use super::io::Io;

type Dialling = Pin<Box<dyn Future<Output = io::Result<Io>> + Send>>;

/// Makes the connections of a channel.
#[derive(Clone)]
pub(crate) struct Connector(Arc<dyn Fn() -> Dialling + Send + Sync>);

// === Connector ===

impl Connector {
    /// Asks `dial` for every connection.
    pub(crate) fn new<D, F, S>(dial: D) -> Self
    where
        D: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self(Arc::new(move || {
            let dialling = dial();
            Box::pin(async move { Ok(Box::new(dialling.await?) as Io) })
        }))
    }

    /// One connection.
    ///
    /// # Errors
    /// Whatever the dialling ends with.
    pub(super) async fn dial(&self) -> io::Result<Io> {
        (self.0)().await
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector")
    }
}
