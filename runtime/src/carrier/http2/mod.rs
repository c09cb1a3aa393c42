//! gRPC over HTTP/2: the one place that touches the wire.
//!
//! Both ends share how messages are framed (`framing`, `encode`, `decode`, `reassembly`) and what a broken stream means (`fault`).
//! The client's end is [`Http2`]: `target` and `dial` make a `connection`, `pool` keeps them and tells
//! `standing` of them, `exchange` sends one
//! request over one of them, and `reply` reads the answer.

mod client;
mod config;
mod connection;
mod connector;
pub(crate) mod decode;
mod dial;
pub(crate) mod encode;
mod exchange;
pub(crate) mod fault;
pub(crate) mod framing;
mod io;
mod keepalive;
mod over;
mod pool;
mod race;
mod reassembly;
#[cfg(feature = "tls")]
mod renewed;
mod reply;
pub(crate) mod serve;
mod service;
mod standing;
#[cfg(test)]
mod stories;
mod target;
#[cfg(feature = "tls")]
mod tls;

#[cfg(feature = "tls")]
pub(crate) use self::renewed::Renewed;
pub use self::{
    client::Http2, keepalive::Keepalive, over::Over, service::HttpService, target::TargetError,
};
pub(crate) use self::{config::Config, connector::Connector, service::HttpLayer, target::Target};
#[cfg(feature = "tls")]
pub use self::{
    renewed::Renewals,
    tls::{ClientTls, TlsError},
};
