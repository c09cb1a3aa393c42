//! Limits: how many calls at once, how many in a time, and how many a server can really bear.
//!
//! [`bulkhead`] bounds the calls under way by a number that somebody chose, [`rate`] bounds how many begin in a time.

pub mod bulkhead;
pub mod rate;
