//! Two versions of one contract, which in earnest are two crates, and an implementation that serves the clients of both.

mod catalog;
mod downgrade;

/// Version 1.4 of the contract.
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/1.4/movies.v1.rs"));
}

/// Version 2.1 of the contract: lengths are in seconds, and films can be rated.
pub mod v2 {
    include!(concat!(env!("OUT_DIR"), "/2.1/movies.v1.rs"));
}

pub use catalog::Catalog;
pub use downgrade::Downgrade;

/// The code of the page about versions, which is compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/versions.md")]
mod guide {}
