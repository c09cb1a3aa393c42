//! Consumers of contracts, each written for the contract before a change and compiled against before and after.

#![expect(
    deprecated,
    dead_code,
    non_snake_case,
    reason = "changes may deprecate what a consumer uses, which is a warning; nobody calls the consumers"
)]

include!(concat!(env!("OUT_DIR"), "/consumers.rs"));
