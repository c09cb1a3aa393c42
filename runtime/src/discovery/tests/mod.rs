//! What every resolver and every registry does: one suite for all of them.

mod conformance;
#[cfg(feature = "http2")]
mod embedded;
mod lies;
pub(super) mod suite;
