//! The contract of the movies example: both ends depend on this crate and on nothing else of each other.
//!
//! A contract belongs in a crate of its own: it is the one place that changes when the contract does, and only here does
//! `#[non_exhaustive]` keep a new field from breaking those who use it.

couplet::include_contract!("movies.v1");

/// The README's code, which is compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
