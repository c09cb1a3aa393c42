//! A server under load, its clients and a limit between them, as events in a queue: no sockets, no real time, and the
//! same numbers for the same seed.

pub mod figure;
pub mod grid;
pub mod model;
pub mod random;
pub mod scenario;
