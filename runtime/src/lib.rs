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
mod clock;
pub mod codegen;
pub mod context;
#[cfg(test)]
mod fixture;
pub mod layer;
pub mod policy;
pub mod stack;

pub use call::Streaming;
pub use tonic::{Code, Request, Response, Status, metadata};
