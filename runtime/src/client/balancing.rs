//! How a channel chooses among the endpoints of its target: what code says, over what service configs say.

use std::{sync::Arc, time::Duration};

use crate::{
    balance::{Balancer, Handle, Settings},
    carrier::{Link, http2::Http2},
    config::{
        live::Live,
        target::{FollowTarget, TargetConfig},
    },
    policy::balance::Balancing,
};

/// What code says.
#[derive(Debug, Clone, Default)]
pub(super) struct Own {
    pub(super) balancing: Option<Balancing>,
    pub(super) zone: String,
    /// How long there is no call before the connections are left.
    pub(super) idle_timeout: Option<Duration>,
}

/// A balancer that follows service configs.
struct Follower {
    own: Own,
    handle: Handle<Http2>,
}

impl Own {
    /// Has `balancer` go by this, and by what the sources in `live` say from now on.
    pub(super) fn put(self, balancer: Balancer<Http2>, live: &Live) -> Link {
        let handle = balancer.handle();
        live.join_target(Arc::new(Follower { own: self, handle }));
        Link::Balanced(Box::new(balancer))
    }
}

impl FollowTarget for Follower {
    fn follow(&self, said: &TargetConfig) {
        let balancing = self.own.balancing.as_ref().or(said.balancing.as_ref());
        let settings = Settings {
            balancing: balancing.cloned().unwrap_or_default(),
            zone: self.own.zone.clone(),
            outlier: said.outlier.clone().unwrap_or_default(),
            health: said.health.clone(),
            idle_timeout: self.own.idle_timeout,
        };
        if let Err(error) = self.handle.configure(settings) {
            tracing::warn!(%error, "what is said of balancing makes no sense; what held before stands");
        }
    }
}
