//! What happens to calls on real sockets, whatever the other end does.

mod answers;
mod breakage;
mod connections;
mod deadlines;
mod herd;
mod memory;
mod peer;
mod repeats;
mod settings;
mod sick;
mod standing;
mod streams;
#[cfg(feature = "tls")]
mod tls;
