//! Against a DNS server in this process, over real sockets, which says what it is told to.

mod channel;
mod faults;
mod names;
mod server;
