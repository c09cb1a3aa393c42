//! Couplet's build plugin.
#![warn(clippy::unwrap_used)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that panics has told what it knows"
    )
)]

pub mod check;
mod docs;
pub mod draft;
pub mod emit;
pub mod finding;
pub mod ir;
mod names;
#[cfg(feature = "proto")]
mod proto;

#[cfg(feature = "proto")]
pub use proto::{Builder, Errors, Report, compile, plugin};
