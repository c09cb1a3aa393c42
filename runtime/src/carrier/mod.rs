//! Moves a [`Call`] to another place and its [`Reply`] back. Knows of no policy.
//!
//! To add a carrier: its file or folder, its `mod` line, its line in [`Link`], its line in the conformance test.

#[cfg(feature = "http2")]
pub mod http2;
pub mod local;
#[cfg(feature = "http2")]
pub(crate) mod plain;

#[cfg(feature = "http2")]
use tokio::sync::watch;
use tonic::Status;

use crate::call::{Call, Invoke, Reply};
#[cfg(feature = "http2")]
use crate::policy::connectivity::{Counts, State};

/// Any carrier, chosen when the channel is built. An enum, so that choosing costs no box.
#[derive(Debug)]
#[non_exhaustive]
#[cfg_attr(
    feature = "http2",
    expect(
        clippy::large_enum_variant,
        reason = "there is one for each channel, behind a pointer"
    )
)]
pub enum Link {
    /// gRPC over HTTP/2.
    #[cfg(feature = "http2")]
    Http2(http2::Http2),
    /// gRPC over HTTP/2, to one of the endpoints that a name resolves to.
    #[cfg(feature = "http2")]
    Balanced(Box<crate::balance::Balancer<http2::Http2>>),
    /// The same process.
    Local(local::Local),
}

impl Link {
    /// Waits until a call could be sent.
    ///
    /// # Errors
    /// UNAVAILABLE if nobody can be reached.
    #[cfg(feature = "http2")]
    pub(crate) async fn ready(&self) -> Result<(), Status> {
        match self {
            Self::Http2(http2) => http2.ready().await,
            Self::Balanced(balancer) => balancer.ready().await,
            Self::Local(_) => Ok(()),
        }
    }
}

#[cfg(feature = "http2")]
impl Link {
    /// What can be said of its connections, and how it changes.
    pub(crate) fn states(&self) -> watch::Receiver<State> {
        match self {
            Self::Http2(http2) => http2.states(),
            Self::Balanced(balancer) => balancer.states(),
            Self::Local(_) => watch::channel(State::Ready).1,
        }
    }

    /// How many endpoints are in each state.
    pub(crate) fn counts(&self) -> Counts {
        match self {
            Self::Balanced(balancer) => balancer.counts(),
            single => std::iter::once(*single.states().borrow()).collect(),
        }
    }
}

impl Invoke for Link {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        match self {
            #[cfg(feature = "http2")]
            Self::Http2(http2) => http2.invoke(call).await,
            #[cfg(feature = "http2")]
            Self::Balanced(balancer) => Box::pin(balancer.invoke(call)).await,
            Self::Local(local) => local.invoke(call).await,
        }
    }
}
