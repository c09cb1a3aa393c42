//! Couplet: IDL-first inter-process communication for Rust services.
#![warn(clippy::unwrap_used)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that panics has told what it knows"
    )
)]

pub mod call;
pub mod carrier;
#[cfg(feature = "http2")]
pub mod client;
mod clock;
pub mod codegen;
pub mod context;
#[cfg(test)]
mod fixture;
pub mod layer;
pub mod policy;
#[cfg(feature = "http2")]
pub mod server;
pub mod stack;

pub use call::Streaming;
#[cfg(feature = "http2")]
pub use server::Server;
pub use tonic::{Code, Request, Response, Status, metadata};
