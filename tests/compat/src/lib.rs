//! Contracts before and after changes that must not break the Rust of those who use them.
//!
//! Every case of `tests/cases/compat.json` whose source label is `none` or `minor`. The consumers are in
//! `tests/consumers.rs`, which is another crate: `#[non_exhaustive]` protects nobody in its own.

include!(concat!(env!("OUT_DIR"), "/versions.rs"));
