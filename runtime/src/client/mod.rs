//! The client's end for users: a [`Channel`] to a target, how it is built, and streams to send.

mod balancing;
mod builder;
mod channel;
mod error;
pub mod stream;
#[cfg(test)]
mod tests;
mod ways;

pub use self::{
    builder::Builder,
    channel::{Channel, Stack},
    error::ConnectError,
};
#[cfg(feature = "tls")]
pub use crate::carrier::http2::{ClientTls, Renewals, TlsError};
pub use crate::carrier::http2::{HttpService, Keepalive, TargetError};
