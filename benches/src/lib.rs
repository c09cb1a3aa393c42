//! What the benchmarks share.

pub mod alloc;
