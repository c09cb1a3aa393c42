//! What a balancer is told: how to choose, where the client is, and whom to leave alone.

use std::time::Duration;

use crate::policy::{balance::Balancing, outlier};

/// The settings of a [`Balancer`](super::Balancer). All of them can change while it is at work.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// How the endpoint of a call is chosen.
    pub balancing: Balancing,
    /// The zone that this client is in, such as `eu-1a`; empty where that is not known, and no endpoint is near.
    pub zone: String,
    /// Which endpoints stand out and are left alone.
    pub outlier: outlier::Config,
    /// The service whose health each endpoint is asked for while it is connected (gRFC A17): calls go to those that serve
    /// it, and to those that have no health service. Empty is the server as a whole; none asks nobody.
    pub health: Option<String>,
    /// How long there is no call before all connections are left, until the next one; for ever if none.
    pub idle_timeout: Option<Duration>,
}
