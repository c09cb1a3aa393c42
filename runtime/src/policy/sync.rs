//! The atomics and locks of policies: the standard library's, or loom's where a model of their races is checked.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p couplet --lib loom --release --no-default-features` runs the models.

#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicU64};

#[cfg(all(test, loom))]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicU64};
