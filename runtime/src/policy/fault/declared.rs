//! From what a source declares to what fault injection works with: the defaults where the source is silent.

use super::Config;
use crate::{call::FaultPolicy, policy::declared::take};

impl From<&FaultPolicy> for Config {
    fn from(declared: &FaultPolicy) -> Self {
        let mut config = Self::default();
        take!(
            declared => config:
            delay_fraction,
            abort_fraction,
            reset_fraction,
            response_delay_fraction,
            truncate_fraction,
            slow_read_fraction,
            max_active_faults,
            headers
        );
        config.delay = declared.delay;
        config.abort_status = declared.abort_status;
        config.response_delay = declared.response_delay;
        config.truncate_after = declared.truncate_after;
        config.slow_read = declared.slow_read;
        config
    }
}
