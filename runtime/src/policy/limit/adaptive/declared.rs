//! From what a source declares to what an adaptive limit works with: the defaults where the source is silent.

use super::Config;
use crate::{call::AdaptivePolicy, policy::declared::take};

impl From<&AdaptivePolicy> for Config {
    fn from(declared: &AdaptivePolicy) -> Self {
        let mut config = Self::default();
        take!(
            declared => config:
            mode,
            algorithm,
            initial_limit,
            min_limit,
            max_limit,
            window,
            minimum_samples,
            quantile,
            backoff_ratio
        );
        config
    }
}
