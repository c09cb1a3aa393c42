//! What a build says of the versions of a contract, as people read it: a block for each change that no version covers,
//! the gravest first, and the summary last, for that is what stays on the screen.

mod block;
mod remedy;
mod words;

use std::collections::BTreeMap;

use prost_reflect::FileDescriptor;

use super::check::Check;
use super::history::Docs;
use super::verdict::{Answer, Fault, Standing, Tally};
use crate::compat::{Bump, Contract, Scope};
use crate::proto::Errors;

/// So many changes are shown; the rest is counted.
const SHOWN: usize = 10;

/// What is said of the versions of a contract, without colour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// What stops the build, each of several lines, the summary last.
    pub errors: Vec<String>,
    /// What does not.
    pub warnings: Vec<String>,
}

impl From<Errors> for Told {
    /// What keeps versions from being looked at at all.
    fn from(errors: Errors) -> Self {
        Self {
            errors: errors.iter().map(str::to_owned).collect(),
            warnings: Vec::new(),
        }
    }
}

pub(super) fn told(check: &Check) -> Told {
    Told {
        errors: errors(check),
        warnings: warnings(check),
    }
}

fn errors(check: &Check) -> Vec<String> {
    let verdict = check.verdict();
    let mut errors: Vec<String> = verdict
        .services
        .iter()
        .flat_map(|standing| block::faults(check, standing))
        .collect();
    let uncovered: Vec<_> = verdict.uncovered().collect();
    let shown = uncovered.iter().take(SHOWN);
    errors.extend(shown.map(|judged| block::change(check, judged)));
    let mut summary = Vec::new();
    if let Some(more) = uncovered.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        summary.push(format!("note: and {more} more: `cargo couplet diff`"));
    }
    if !errors.is_empty() {
        summary.extend(left_out(check));
    }
    summary.extend(orphaned(check));
    summary.extend(verdict.services.iter().filter_map(summed_up));
    if !summary.is_empty() {
        errors.push(summary.join("\n"));
    }
    errors
}

/// The lines about files that are gone from the build and not from the disk.
fn left_out(check: &Check) -> Vec<String> {
    let released = check.old().into_iter().flat_map(Contract::files);
    let missing = released.filter(|file| !check.reads(file.name()));
    let line = |file: FileDescriptor| match check.current().text(file.name()) {
        (path, Some(_)) => Some(format!(
            "note: `{path}` was released and is there, but this build does not compile it: name it in the build script, or \
             give each of several contracts a folder of its own with `Builder::released`"
        )),
        (_, None) => None,
    };
    missing.filter_map(line).collect()
}

/// The line that says all of a service whose version is wrong.
fn summed_up(standing: &Standing) -> Option<String> {
    let released = standing.released.as_ref()?;
    match standing.fault {
        None | Some(Fault::NotReset(_)) => return None,
        Some(Fault::Backwards | Fault::Missing | Fault::Short) => {}
    }
    let declared = match &standing.declared {
        Some(version) => format!("declared {version}"),
        None => "no version declared".to_owned(),
    };
    Some(format!(
        "error: {}: {} since {released}; {declared}, needs {}",
        standing.service,
        standing.changed(),
        standing.needed.as_ref().unwrap_or(released)
    ))
}

/// The lines about packages that have lost their last service.
fn orphaned(check: &Check) -> Vec<String> {
    let packages = by_package(check, |answer| match answer {
        Answer::Orphaned(package) => Some(package),
        _ => None,
    });
    let line = |(package, tally): (&str, Tally)| {
        format!(
            "error: package {package}: {tally} since its last release, and no service is left whose version could cover \
             that; accept it, or keep the service"
        )
    };
    packages.map(line).collect()
}

/// The lines about packages that never had a service.
fn unversioned(check: &Check) -> Vec<String> {
    let packages = by_package(check, |answer| match answer {
        Answer::Unversioned(package) => Some(package),
        _ => None,
    });
    let line = |(package, tally): (&str, Tally)| {
        format!(
            "package {package} has no service, so no version covers what changed in it: {tally}; see `cargo couplet diff`"
        )
    };
    packages.map(line).collect()
}

/// The changes that are answered with a package, counted for each.
fn by_package(
    check: &Check,
    package: fn(&Answer) -> Option<&String>,
) -> impl Iterator<Item = (&str, Tally)> {
    let mut packages: BTreeMap<&str, Vec<Bump>> = BTreeMap::new();
    for judged in &check.verdict().changes {
        if let Some(package) = package(&judged.answer) {
            let bumps = packages.entry(package).or_default();
            bumps.push(judged.change.bump);
        }
    }
    let tally = |(package, bumps): (_, Vec<Bump>)| (package, Tally::of(bumps.into_iter()));
    packages.into_iter().map(tally)
}

fn warnings(check: &Check) -> Vec<String> {
    let services = check.verdict().services.iter();
    let mut warnings: Vec<String> = services
        .flat_map(|standing| [not_reset(standing), docs(check, standing)])
        .flatten()
        .collect();
    warnings.extend(unversioned(check));
    warnings
}

fn not_reset(standing: &Standing) -> Option<String> {
    match (&standing.fault, &standing.declared, &standing.released) {
        (Some(Fault::NotReset(right)), Some(declared), Some(released)) => Some(format!(
            "{}: after {released} comes {right}, not {declared}: lower parts of a version start again at zero",
            standing.service
        )),
        _ => None,
    }
}

/// What only a reader notices, and no version covers.
fn docs(check: &Check, standing: &Standing) -> Option<String> {
    let settings = &check.history()?.settings;
    let released = standing.released.as_ref()?;
    let of_service = |scope: &Scope| match scope {
        Scope::Services(services) => services.contains(&standing.service),
        Scope::Package(_) => false,
    };
    let changes = check.verdict().changes.iter();
    let excused = changes.filter(|judged| judged.answer == Answer::Excused);
    let excused = excused
        .filter(|judged| of_service(&judged.change.scope))
        .count();
    let quiet = settings.docs != Docs::Warn || standing.required > Bump::None || excused == 0;
    (!quiet).then(|| {
        let tally = Tally {
            patch: excused,
            ..Tally::default()
        };
        format!(
            "{}: {tally} since {released}, for which {} would be right (`docs = \"none\"` in \
             released/history.toml: say nothing)",
            standing.service,
            super::steps::next(released, Bump::Patch)
        )
    })
}
