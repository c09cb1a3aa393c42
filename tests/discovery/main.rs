//! The registries that others wrote: each passes the suite of discovery, and whatever happens to it passes too.

mod foreign;
#[path = "../../runtime/src/discovery/tests/suite.rs"]
mod suite;
