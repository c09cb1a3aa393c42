//! Claims about what is drawn: how often, how independently, for whom, and how much at once.

mod drawn;
mod statistics;
mod trust;

use std::time::Duration;

use tonic::Code;

use super::*;

/// An abort of all calls with ABORTED.
fn abort() -> Config {
    Config {
        abort_status: Some(Code::Aborted),
        abort_fraction: MILLION,
        ..Config::default()
    }
}
