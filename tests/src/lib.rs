//! What the tests that cross crates share: gRPC's interop service and its test cases, the contracts of foreign peers, and
//! child processes that end with the test that started them.

pub mod contracts;
pub mod etcd;
pub mod flags;
pub mod haproxy;
pub mod interop;
pub mod ledger;
pub mod peers;
pub mod program;
