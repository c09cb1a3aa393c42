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
pub use codegen::serve::Compressed;
#[cfg(feature = "macros")]
pub use couplet_macros::service;
/// The runtime that everything here runs on, so that a program needs no other dependency to start it:
/// `#[couplet::tokio::main(crate = "couplet::tokio")]`.
pub use tokio;
pub use tonic::{Code, Request, Response, Status, metadata};
#[cfg(feature = "http2")]
pub use {client::Channel, server::Server};

/// Includes the code that `couplet-codegen` generated from a contract, in the crate of the contract.
///
/// With a package, it includes that package's items. Without one, it includes every package as a tree of modules
/// (`movies::v1`), which contracts need whose packages refer to each other.
///
/// ```ignore
/// couplet::include_contract!("movies.v1");
/// ```
#[macro_export]
macro_rules! include_contract {
    () => {
        include!(concat!(env!("OUT_DIR"), "/_contract.rs"));
    };
    ($package:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $package, ".rs"));
    };
}
