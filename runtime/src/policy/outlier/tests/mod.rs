//! Claims about outlier ejection, told as stories.

mod changes;
mod gate;
mod properties;
mod rates;
mod stories;

use std::time::Duration;

use super::*;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const NANO: Duration = Duration::from_nanos(1);

/// A target with endpoints `0`, `1`, ... and the time at which it was made.
pub(super) struct Target {
    pub(super) outlier: Outlier,
    pub(super) endpoints: Vec<Arc<Endpoint>>,
    pub(super) now: Instant,
}

impl Target {
    /// A target of `size` endpoints without gates.
    pub(super) fn new(size: usize, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            gate: None,
            ..Config::default()
        };
        change(&mut config);
        #[expect(
            clippy::disallowed_methods,
            reason = "any instant will do as the first"
        )]
        let now = Instant::now();
        let outlier = Outlier::new(config, now, 1).expect("a config that makes sense");
        let names = (0..size).map(|number| number.to_string());
        let endpoints = outlier.update(names);
        Self {
            outlier,
            endpoints,
            now,
        }
    }

    /// So many calls to one endpoint, all with this end, whether or not they would be let pass.
    pub(super) fn calls(&self, endpoint: usize, calls: u32, outcome: Outcome) {
        for _ in 0..calls {
            self.endpoints[endpoint].count(outcome);
        }
    }

    /// A sweep one interval later, with every draw in the middle.
    pub(super) fn sweep(&mut self) -> Vec<Event> {
        self.now += self.outlier.config().interval + NANO;
        self.outlier.sweep(self.now, || 0.5)
    }

    /// Which endpoints are ejected.
    pub(super) fn ejected(&self) -> Vec<usize> {
        let endpoints = self.endpoints.iter().enumerate();
        let ejected = endpoints.filter(|(_, endpoint)| endpoint.is_ejected());
        ejected.map(|(number, _)| number).collect()
    }

    pub(super) fn reconfigure(&self, change: impl FnOnce(&mut Config)) -> Vec<Event> {
        let mut config = (*self.outlier.config()).clone();
        change(&mut config);
        let events = self.outlier.reconfigure(config, self.now);
        events.expect("a config that makes sense")
    }
}

/// grpc-java's load: twenty calls to each of five endpoints, all of which fail at `failing`.
pub(super) fn load(target: &Target, failing: &[usize]) {
    load_of(target, failing, [20; 5]);
}

pub(super) fn load_of(target: &Target, failing: &[usize], calls: [u32; 5]) {
    for (endpoint, calls) in calls.into_iter().enumerate() {
        let failed = failing.contains(&endpoint);
        target.calls(
            endpoint,
            calls,
            if failed {
                Outcome::Failure
            } else {
                Outcome::Success
            },
        );
    }
}

pub(super) fn success_rate(change: impl FnOnce(&mut SuccessRate)) -> Option<SuccessRate> {
    let mut rate = SuccessRate {
        minimum_hosts: 3,
        request_volume: 10,
        ..SuccessRate::default()
    };
    change(&mut rate);
    Some(rate)
}

pub(super) fn failures(change: impl FnOnce(&mut FailurePercentage)) -> Option<FailurePercentage> {
    let mut failures = FailurePercentage {
        minimum_hosts: 3,
        request_volume: 10,
        ..FailurePercentage::default()
    };
    change(&mut failures);
    Some(failures)
}

pub(super) fn five(rate: Option<SuccessRate>, failures: Option<FailurePercentage>) -> Target {
    Target::new(5, |config| {
        config.max_ejection_percent = 50;
        config.success_rate_ejection = rate;
        config.failure_percentage_ejection = failures;
    })
}
