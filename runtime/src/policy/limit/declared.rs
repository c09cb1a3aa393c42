//! From what a source declares to what limits work with: the defaults where the source is silent.

use super::{bulkhead, rate};
use crate::call::{BulkheadPolicy, RateLimitPolicy};

impl From<&BulkheadPolicy> for bulkhead::Config {
    fn from(declared: &BulkheadPolicy) -> Self {
        let default = Self::default();
        Self {
            max_concurrent_calls: declared.max_concurrent_calls,
            max_queued: declared.max_queued.unwrap_or(default.max_queued),
            max_wait_duration: declared
                .max_wait_duration
                .unwrap_or(default.max_wait_duration),
        }
    }
}

impl From<&RateLimitPolicy> for rate::Config {
    fn from(declared: &RateLimitPolicy) -> Self {
        let default = Self::default();
        Self {
            limit_for_period: declared
                .limit_for_period
                .unwrap_or(default.limit_for_period),
            limit_refresh_period: declared
                .limit_refresh_period
                .unwrap_or(default.limit_refresh_period),
            burst: declared.burst,
        }
    }
}
