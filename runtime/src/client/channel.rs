//! A channel: the connections to one target, shared by every client that is made of it.

use std::{fmt, sync::Arc};

use super::{Builder, ConnectError};
use crate::carrier::http2::Http2;

/// The connections to one target. Cheap to clone; all clones share them.
///
/// ```no_run
/// # async fn shown() -> Result<(), couplet::client::ConnectError> {
/// use std::time::Duration;
/// use couplet::client::Channel;
///
/// let channel = Channel::builder("http://127.0.0.1:50051")
///     .connect_timeout(Duration::from_secs(2))
///     .connect()
///     .await?;
/// # drop(channel);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Channel {
    carrier: Arc<Http2>,
}

impl Channel {
    /// A channel with the default settings whose first connection is up.
    ///
    /// # Errors
    /// If the target is not understood or cannot be reached.
    pub async fn connect(target: impl Into<String>) -> Result<Self, ConnectError> {
        Self::builder(target).connect().await
    }

    /// Settings for a channel to `target`: `http://host:port`, `https://host:port` (with feature `tls`), `unix:/path`.
    pub fn builder(target: impl Into<String>) -> Builder {
        Builder::new(target.into())
    }

    pub(super) fn new(carrier: Http2) -> Self {
        Self {
            carrier: Arc::new(carrier),
        }
    }

    /// What moves its calls.
    pub(crate) fn carrier(&self) -> &Arc<Http2> {
        &self.carrier
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Channel")
            .field("target", &self.carrier.target())
            .finish_non_exhaustive()
    }
}
