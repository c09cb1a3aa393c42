//! What a balancer did and how its endpoints are, told to whoever records figures.
//!
//! By target and not by endpoint: there may be ten thousand.

use std::sync::Arc;

use super::{Reach, Shared};
use crate::telemetry::{Report, Reports, Tally};

struct OfBalancer<L>(Arc<Shared<L>>);

const STATES: [&str; 4] = ["ready", "connecting", "failing", "ejected"];

pub(super) fn of<L: Reach>(shared: &Arc<Shared<L>>) -> Reports {
    Reports::of(OfBalancer(Arc::clone(shared)))
}

impl<L: Reach> Report for OfBalancer<L> {
    fn report(&self, tally: &mut Tally<'_>) {
        let target = self.0.resolver.target();
        let picks = self.0.picks.sum();
        tally.count(
            "couplet.balance.picks",
            &[("server.address", &target)],
            picks,
        );
        let mut endpoints = [0.0; STATES.len()];
        for peer in self.0.view.load().peers.iter() {
            let state = match () {
                () if peer.health.is_ejected() => 3,
                () if peer.is_ready() => 0,
                () if peer.why_not().is_none() => 1,
                () => 2,
            };
            endpoints[state] += 1.0;
        }
        for (state, count) in STATES.iter().zip(endpoints) {
            let labels = [("server.address", target.as_str()), ("state", *state)];
            tally.gauge("couplet.balance.endpoints", &labels, count);
        }
    }
}
