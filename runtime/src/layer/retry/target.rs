//! What the calls of all services of a channel share when they are sent again.

use std::sync::Arc;

use crate::{
    call::Room,
    policy::retry::{ATTEMPTS_CAP, Throttle},
};

/// What all services of a channel share: one throttle for their target, the cap on attempts, and the
/// room for what may have to be sent again.
#[derive(Debug)]
pub struct Target {
    /// Stops retries while the target fails too much. Default: gRFC A6's example, 10 tokens with a ratio of 0.1.
    pub throttle: Throttle,
    /// The most attempts that any call gets, the first one included. Default: 5.
    pub attempts_cap: u32,
    /// What is kept of calls. Default: 1 MiB a call, 16 MiB in all.
    pub room: Arc<Room>,
}

impl Default for Target {
    fn default() -> Self {
        Self {
            throttle: Throttle::default(),
            attempts_cap: ATTEMPTS_CAP,
            room: Arc::default(),
        }
    }
}
