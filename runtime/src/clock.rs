//! The one clock: tokio's, which tests can pause.

use std::time::Instant;

/// Now.
#[inline]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
