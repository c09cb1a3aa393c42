//! What happens to calls on real sockets, whatever the other end does.

mod answers;
mod breakage;
mod connections;
mod deadlines;
mod peer;
mod repeats;
mod settings;
mod streams;
#[cfg(feature = "tls")]
mod tls;
