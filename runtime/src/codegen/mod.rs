//! The door through which generated code enters the runtime. Not for code written by hand: it follows the generator.

pub mod call;
#[cfg(feature = "http2")]
mod channel;
mod key;
#[cfg(feature = "http2")]
mod mount;
mod outgoing;
pub mod proto;
mod reversible;
pub mod serve;

use std::{
    future::{Future, ready},
    time::Duration,
};

pub use ::{bytes::Bytes, http, prost, prost_types, tower_service as tower};
pub use tonic::{Code, IntoRequest, Request, Response, Status, server::NamedService};

#[cfg(feature = "http2")]
pub use self::{
    channel::{connect, stack},
    mount::HttpBody,
};
pub use self::{
    key::{Key, key},
    outgoing::{Outgoing, Prepared, Start},
    reversible::Reversible,
};
pub use crate::call::{
    Ages, BreakerMode, BreakerPolicy, BreakerScope, BulkheadPolicy, Cache, Call, ClientVersion,
    CodeSet, CrossMajor, FieldAge, HedgingPolicy, Idempotency, Inside, Invoke, Kind, Meeting,
    Method, MethodAge, Policies, RateLimitPolicy, Reply, RetryPolicy, Service, Streaming, Window,
};
#[cfg(feature = "http2")]
pub use crate::client::{Channel, ConnectError, Stack};
pub use crate::saga::Compensates;
pub use crate::stack::ServerCounts;

/// A service with its contract: what a generated server is.
pub trait Contract: Invoke + 'static {
    /// The contract.
    const SERVICE: &'static Service;

    /// What the policies around it count into, where it is served by itself.
    fn counts(&self) -> ServerCounts {
        ServerCounts::default()
    }
}

/// A duration in a contract.
pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A duration in a contract that is no whole number of milliseconds.
pub const fn nanos(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

/// What a method does that nobody has written.
pub fn unimplemented<Q, A>(
    request: Request<Q>,
    method: &'static Method,
) -> impl Future<Output = Result<Response<A>, Status>> + Send
where
    A: Send,
{
    drop(request);
    let text = format!("{} is not implemented", method.path);
    ready(Err(Status::unimplemented(text)))
}
