//! The atomics and locks of policies: the standard library's, or loom's where a model of their races is checked.
//!
//! `RUSTFLAGS="--cfg couplet_loom" cargo test -p couplet --lib loom --release --no-default-features` runs the models. The
//! plain `loom` would be heard by tokio too, which then leaves out its sockets.

#[cfg(not(all(test, couplet_loom)))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64},
};

#[cfg(all(test, couplet_loom))]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64},
};
