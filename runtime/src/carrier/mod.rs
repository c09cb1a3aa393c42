//! Carriers: each moves a [`Call`](crate::call::Call) to another place and its [`Reply`](crate::call::Reply) back.
//!
//! A carrier knows its wire and nothing of policies. To add one: its file or folder here and its `mod` line.

#[cfg(feature = "http2")]
pub mod http2;
