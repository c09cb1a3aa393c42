//! Couplet's build plugin.
#![warn(clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

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
