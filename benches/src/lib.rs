//! What the benchmarks share: the echo service of every peer, the load on it, how it is measured, and how figures are shown.

pub mod alloc;
pub mod arguments;
pub mod contract;
pub mod limits;
pub mod load;
pub mod measured;
pub mod pair;
pub mod peers;
pub mod plot;
pub mod program;
pub mod runtime;
pub mod table;
pub mod unary;
