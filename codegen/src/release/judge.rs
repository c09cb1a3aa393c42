//! The verdict: which change each declared version covers, and what version would be right.
//!
//! A pure function of two contracts, what is declared and what the history says. It decides; `message` says it.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::history::{Docs, History};
use super::steps;
use super::verdict::{Answer, Declared, Demand, Fault, Judged, Standing, Tally, Verdict};
use crate::compat::{Bump, Change, Contract, Scope, diff};

/// Compares `new` with the released `old` and holds what is declared against it.
pub fn judge(old: &Contract, new: &Contract, declared: &[Declared], history: &History) -> Verdict {
    let changes = diff(old, new, &history.terms(new));
    let court = Court::new(old, new, declared, history);
    let changes: Vec<_> = changes
        .into_iter()
        .map(|change| court.judged(change))
        .collect();
    let services = court.standings(&changes);
    Verdict { changes, services }
}

/// The verdict on a contract whose text is the released text: versions may still be wrong.
pub(super) fn unchanged(declared: &[Declared], history: &History) -> Verdict {
    let court = Court {
        versions: versions(declared, history),
        served: BTreeSet::new(),
        left: BTreeSet::new(),
        gained: BTreeSet::new(),
        history,
    };
    let services = court.standings(&[]);
    Verdict {
        changes: Vec::new(),
        services,
    }
}

/// What the contract declares and what was released, by service.
type Versions = BTreeMap<String, (Option<Version>, Option<Version>)>;

fn versions(declared: &[Declared], history: &History) -> Versions {
    let mut versions = Versions::new();
    for one in declared {
        let entry = versions.entry(one.service.clone()).or_default();
        entry.0.clone_from(&one.version);
    }
    for (service, served) in &history.services {
        if let Some(entry) = versions.get_mut(service) {
            entry.1 = Some(served.version.clone());
        }
    }
    versions
}

struct Court<'a> {
    versions: Versions,
    /// The packages that have or had a service.
    served: BTreeSet<String>,
    /// The packages of released services that are gone.
    left: BTreeSet<String>,
    /// The packages that have a service which the old contract did not have.
    gained: BTreeSet<String>,
    history: &'a History,
}

impl<'a> Court<'a> {
    fn new(old: &Contract, new: &Contract, declared: &[Declared], history: &'a History) -> Self {
        let services = |contract: &Contract| -> BTreeSet<String> {
            let services = contract.pool().services();
            services
                .map(|service| service.full_name().to_owned())
                .collect()
        };
        let (before, after) = (services(old), services(new));
        let released = |service: &&String| history.services.contains_key(*service);
        Self {
            versions: versions(declared, history),
            served: packages(before.union(&after)),
            left: packages(before.difference(&after).filter(released)),
            gained: packages(after.difference(&before)),
            history,
        }
    }

    fn judged(&self, change: Change) -> Judged {
        let answer = self.answer(&change);
        Judged { change, answer }
    }

    fn answer(&self, change: &Change) -> Answer {
        if let Some(reason) = self.history.accepted(&change.fingerprint) {
            return Answer::Accepted(reason.to_owned());
        }
        let excused = !self.requires(change.bump);
        let answer = match &change.scope {
            Scope::Package(package) => self.by_package(package, change.bump),
            Scope::Services(services) => self.by_services(services, change.bump),
        };
        match answer {
            Answer::Covered => Answer::Covered,
            _ if excused => Answer::Excused,
            answer => answer,
        }
    }

    /// Whether the team's settings want this bump covered.
    fn requires(&self, bump: Bump) -> bool {
        bump > Bump::Patch || (bump == Bump::Patch && self.history.settings.docs == Docs::Patch)
    }

    /// Every released service that reaches it has to cover it; where they are gone, their package has to.
    fn by_services(&self, services: &[String], bump: Bump) -> Answer {
        let is_released = |service: &String| self.released(service).is_some();
        let is_known = |service: &String| self.versions.contains_key(service);
        let gone = services.iter().find(|service| self.is_gone(service));
        let gone = gone.or_else(|| services.first().filter(|_| !services.iter().any(is_known)));
        match gone {
            // A new service stands in for nobody.
            Some(gone) if !services.iter().any(is_released) => self.by_package(package(gone), bump),
            _ => {
                let demands = services
                    .iter()
                    .filter_map(|service| self.demand(service, bump));
                match demands.collect::<Vec<_>>() {
                    demands if demands.is_empty() => Answer::Covered,
                    demands => Answer::Uncovered(demands),
                }
            }
        }
    }

    /// Whether a service was released and is no longer declared.
    fn is_gone(&self, service: &str) -> bool {
        !self.versions.contains_key(service) && self.history.services.contains_key(service)
    }

    /// Some released service of the package has to cover it.
    fn by_package(&self, of: &str, bump: Bump) -> Answer {
        if bump <= Bump::Minor && self.gained.contains(of) {
            return Answer::Covered;
        }
        let in_package = |service: &&String| package(service) == of;
        let here = self.versions.keys().filter(in_package);
        let demands: Vec<_> = here
            .filter(|service| self.released(service).is_some())
            .map(|service| self.demand(service, bump))
            .collect();
        match demands.as_slice() {
            [] if self.left.contains(of) => Answer::Orphaned(of.to_owned()),
            // Its services never had a version.
            [] if self.served.contains(of) => Answer::Covered,
            [] => Answer::Unversioned(of.to_owned()),
            all if all.iter().any(Option::is_none) => Answer::Covered,
            _ => Answer::Uncovered(demands.into_iter().flatten().take(1).collect()),
        }
    }

    fn released(&self, service: &str) -> Option<&Version> {
        self.versions.get(service)?.1.as_ref()
    }

    /// What a bump asks of a released service, unless its version covers it.
    fn demand(&self, service: &str, bump: Bump) -> Option<Demand> {
        let (Some(declared), Some(released)) = self.versions.get(service)? else {
            // New, or without a version, which is a fault of its own.
            return None;
        };
        (!steps::covers(declared, released, bump)).then(|| Demand {
            service: service.to_owned(),
            declared: declared.clone(),
            needed: steps::next(released, bump),
        })
    }

    fn standings(&self, changes: &[Judged]) -> Vec<Standing> {
        let versions = self.versions.iter();
        versions
            .map(|(service, (declared, released))| {
                let within = changes
                    .iter()
                    .filter(|judged| self.is_within(service, judged));
                let within: Vec<_> = within.collect();
                self.standing(service, (declared.as_ref(), released.as_ref()), &within)
            })
            .collect()
    }

    /// Whether a change belongs to a service's version.
    fn is_within(&self, service: &str, judged: &Judged) -> bool {
        match (&judged.change.scope, &judged.answer) {
            (_, Answer::Uncovered(demands)) => {
                demands.iter().any(|demand| demand.service == service)
                    || matches!(&judged.change.scope, Scope::Services(all) if all.iter().any(|one| one == service))
            }
            (Scope::Services(services), _) => services.iter().any(|one| one == service),
            (Scope::Package(of), _) => package(service) == of,
        }
    }

    fn standing(
        &self,
        service: &str,
        (declared, released): (Option<&Version>, Option<&Version>),
        within: &[&Judged],
    ) -> Standing {
        let asks = |judged: &&&Judged| match (&judged.answer, &judged.change.scope) {
            (Answer::Uncovered(demands), _) => {
                demands.iter().any(|demand| demand.service == service)
                    || matches!(judged.change.scope, Scope::Services(_))
            }
            // Another service of the package may have covered it.
            (Answer::Covered, Scope::Package(_)) => {
                self.demand(service, judged.change.bump).is_none()
            }
            (Answer::Covered, _) => true,
            _ => false,
        };
        let bumps = within.iter().filter(asks).map(|judged| judged.change.bump);
        let bumps = bumps.filter(|bump| self.requires(*bump));
        let breaking: Vec<_> = self
            .history
            .breaking(service)
            .map(|entry| (entry.subject.clone(), entry.reason.clone()))
            .collect();
        let by_hand = if breaking.is_empty() {
            Bump::None
        } else {
            Bump::Major
        };
        let required = match released {
            Some(_) => bumps.max().unwrap_or_default().max(by_hand),
            None => Bump::None,
        };
        Standing {
            service: service.to_owned(),
            fault: released.and_then(|released| fault(declared, released, required)),
            declared: declared.cloned(),
            released: released.cloned(),
            required,
            needed: released.map(|released| steps::next(released, required)),
            accepted: within
                .iter()
                .filter(|judged| matches!(judged.answer, Answer::Accepted(_)))
                .count(),
            changes: Tally::of(within.iter().map(|judged| judged.change.bump)),
            breaking,
        }
    }
}

fn fault(declared: Option<&Version>, released: &Version, required: Bump) -> Option<Fault> {
    let Some(declared) = declared else {
        return Some(Fault::Missing);
    };
    if !steps::is_at_least(declared, released) {
        Some(Fault::Backwards)
    } else if !steps::covers(declared, released, required) {
        Some(Fault::Short)
    } else {
        steps::reset(declared, released).map(Fault::NotReset)
    }
}

fn packages<'a>(services: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    services
        .map(|service| package(service).to_owned())
        .collect()
}

/// The package of a service.
pub(super) fn package(service: &str) -> &str {
    service.rsplit_once('.').map_or("", |(package, _)| package)
}
