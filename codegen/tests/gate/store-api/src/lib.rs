//! The contract as Rust, for an editor: everybody else only builds it.

#[cfg(STORE_ERRORS_IN_CODE)]
include!(concat!(env!("OUT_DIR"), "/_contract.rs"));
