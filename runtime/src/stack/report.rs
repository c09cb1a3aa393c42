//! What the policies of a stack counted, told to whoever records figures.

use std::sync::Arc;

use super::{ClientSettings, Counts, LimitCounts, ServerCounts};
use crate::{
    call::{Phase, Service},
    clock,
    layer::{breaker::Breakers, deadline, fallback, limit, retry, version},
    policy::counter::Counter,
    telemetry::{Report, Reports, Tally},
};

struct OfClient {
    service: &'static Service,
    target: String,
    counts: Counts,
    breakers: Arc<Breakers>,
}

struct OfServer {
    service: &'static Service,
    counts: ServerCounts,
}

/// Whose figures they are: the labels that all of a stack have.
#[derive(Clone, Copy)]
struct Whose<'a> {
    side: &'static str,
    service: &'static str,
    target: &'a str,
}

pub(super) fn of_client(
    service: &'static Service,
    settings: &ClientSettings,
    counts: &Counts,
    breakers: &Arc<Breakers>,
) -> Reports {
    Reports::of(OfClient {
        service,
        target: settings.name.as_deref().unwrap_or_default().to_owned(),
        counts: counts.clone(),
        breakers: Arc::clone(breakers),
    })
}

/// Several stacks may count together: they are told of once.
pub(super) fn of_server(service: &'static Service, counts: &ServerCounts) -> Reports {
    let identity = Arc::as_ptr(&counts.deadline).addr();
    let counts = counts.clone();
    Reports::once(identity, OfServer { service, counts })
}

// === OfClient ===

impl Report for OfClient {
    fn report(&self, tally: &mut Tally<'_>) {
        let whose = Whose {
            side: "client",
            service: self.service.name,
            target: &self.target,
        };
        let counts = &self.counts;
        whose.deadlines(tally, &counts.deadline);
        whose.limits(tally, &counts.limits);
        whose.versions(tally, &counts.version);
        whose.repeats(tally, &counts.retry);
        whose.fallbacks(tally, &counts.fallback);
        whose.breakers(tally, self.service, &self.breakers);
    }
}

// === OfServer ===

impl Report for OfServer {
    fn report(&self, tally: &mut Tally<'_>) {
        let whose = Whose {
            side: "server",
            service: self.service.name,
            target: "",
        };
        whose.deadlines(tally, &self.counts.deadline);
        whose.limits(tally, &self.counts.limits);
        whose.versions(tally, &self.counts.version);
    }
}

// === Whose ===

impl<'a> Whose<'a> {
    /// The labels, and one more.
    fn and<'b>(self, label: &'static str, value: &'b str) -> [(&'static str, &'b str); 4]
    where
        'a: 'b,
    {
        [
            ("side", self.side),
            ("rpc.service", self.service),
            ("server.address", self.target),
            (label, value),
        ]
    }

    fn deadlines(self, tally: &mut Tally<'_>, counts: &deadline::Counts) {
        tally.count(
            "couplet.deadline.bounded",
            &self.and("", ""),
            counts.bounded.sum(),
        );
        let name = "couplet.deadline.exceeded";
        let arrival = counts.expired_on_arrival.sum();
        tally.count(name, &self.and("phase", "arrival"), arrival);
        for phase in Phase::ALL {
            let ended = counts.phases.of(phase);
            tally.count(name, &self.and("phase", &phase.to_string()), ended);
        }
    }

    fn repeats(self, tally: &mut Tally<'_>, counts: &retry::Counts) {
        let resent = [
            ("retry", &counts.retries),
            ("transparent", &counts.transparent),
            ("hedge", &counts.hedges),
        ];
        self.each(tally, "couplet.retry.resent", "reason", &resent);
        let given_up = [
            ("throttled", &counts.throttled),
            ("exhausted", &counts.exhausted),
        ];
        self.each(tally, "couplet.retry.given_up", "reason", &given_up);
    }

    fn fallbacks(self, tally: &mut Tally<'_>, counts: &fallback::Counts) {
        let outcomes = [
            ("answered", &counts.answered),
            ("failed", &counts.failed),
            ("refused", &counts.refused),
        ];
        self.each(tally, "couplet.fallback", "outcome", &outcomes);
    }

    /// Counters of one name, told apart by one label.
    fn each(
        self,
        tally: &mut Tally<'_>,
        name: &'static str,
        label: &'static str,
        counters: &[(&str, &Counter)],
    ) {
        for (value, counter) in counters {
            tally.count(name, &self.and(label, value), counter.sum());
        }
    }

    fn limits(self, tally: &mut Tally<'_>, counts: &LimitCounts) {
        let limits: [(&str, &limit::Counts); 3] = [
            ("rate", &counts.rate),
            ("adaptive", &counts.adaptive),
            ("bulkhead", &counts.bulkhead),
        ];
        for (kind, counts) in limits {
            let labels = self.and("limit", kind);
            tally.count("couplet.limit.refused", &labels, counts.refused.sum());
            tally.count("couplet.limit.waited", &labels, counts.waited.sum());
        }
    }

    fn versions(self, tally: &mut Tally<'_>, counts: &version::Counts) {
        let outcomes = [
            ("fitting", &counts.fitting),
            ("unsaid", &counts.unsaid),
            ("refused", &counts.refused),
        ];
        self.each(tally, "couplet.version.checked", "outcome", &outcomes);
        // Without the peers: there may be very many, and a version is what is waited for.
        let mut seen = std::collections::BTreeMap::<String, u64>::new();
        for sight in counts.seen.all() {
            let version = sight.version.map(|version| version.to_string());
            *seen
                .entry(version.unwrap_or_else(|| "none".to_owned()))
                .or_default() += sight.calls;
        }
        seen.insert("others".to_owned(), counts.seen.others());
        for (version, calls) in seen {
            tally.count(
                "couplet.version.seen",
                &self.and("version", &version),
                calls,
            );
        }
    }

    fn breakers(self, tally: &mut Tally<'_>, service: &'static Service, breakers: &Breakers) {
        let now = clock::now();
        for method in service.methods {
            let breaker = breakers.of(method);
            let of = |label, value| {
                let mut labels = self.and(label, value);
                labels[1] = ("rpc.method", method.full_name());
                labels
            };
            let state = format!("{:?}", breaker.state());
            tally.gauge("couplet.breaker.state", &of("state", &state), 1.0);
            let changes = u64::from(breaker.changes());
            tally.count("couplet.breaker.transitions", &of("", ""), changes);
            let counts = breaker.counts(now);
            let outcomes = [
                ("success", counts.successes),
                ("failure", counts.failures),
                ("ignored", counts.ignored),
                ("abandoned", counts.abandoned),
                ("stale", counts.stale),
                ("rejected", counts.rejected),
            ];
            for (outcome, total) in outcomes {
                tally.count("couplet.breaker.calls", &of("outcome", outcome), total);
            }
        }
    }
}
