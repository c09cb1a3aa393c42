//! What is said of a target as a whole, and who follows it: the balancer of a channel.

use crate::policy::{balance::Balancing, outlier};

/// What all sources together say of a target.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TargetConfig {
    /// How its endpoints are chosen.
    pub(crate) balancing: Option<Balancing>,
    /// Which of them stand out.
    pub(crate) outlier: Option<outlier::Config>,
    /// The service whose health each endpoint is asked for; none if they are not asked.
    pub(crate) health: Option<String>,
}

/// What balances over the endpoints of a target.
pub(crate) trait FollowTarget: Send + Sync {
    /// Goes by what holds from now on.
    fn follow(&self, said: &TargetConfig);
}
