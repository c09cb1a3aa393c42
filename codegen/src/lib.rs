//! Couplet's build plugin.
#![warn(clippy::unwrap_used)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that panics has told what it knows"
    )
)]

#[doc(hidden)]
pub mod check;
#[cfg(feature = "proto")]
mod docs;
#[doc(hidden)]
pub mod draft;
#[doc(hidden)]
pub mod emit;
#[doc(hidden)]
pub mod finding;
#[doc(hidden)]
pub mod ir;
mod names;
#[cfg(feature = "proto")]
mod proto;

#[cfg(feature = "proto")]
pub use proto::{Builder, Errors, Report, compile, plugin};
