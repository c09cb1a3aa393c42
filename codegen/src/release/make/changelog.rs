//! The section of a CHANGELOG about an API, as keepachangelog.com has it: by service, and by what happened.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Moved;
use crate::compat::{Bump, Scope};
use crate::release::check::Check;
use crate::release::judge::package;
use crate::release::verdict::{Answer, Judged, Standing};

/// The headings, in their order.
const HEADINGS: [&str; 5] = ["Added", "Changed", "Deprecated", "Removed", "Fixed"];

/// The section of a release: every service whose version moves, and the packages that a service has left.
pub(super) fn section(check: &Check, services: &[Moved]) -> String {
    let mut parts: Vec<_> = services
        .iter()
        .map(|moved| of_service(check, moved))
        .collect();
    let gone = |judged: &Judged| match &judged.change.scope {
        Scope::Services(all) => {
            let is_left = |name: &String| check.verdict().standing(name).is_some();
            let told = |name: &String| {
                services
                    .iter()
                    .any(|it| it.from.is_some() && it.service == *name)
            };
            let gone = all.iter().find(|name| !is_left(name))?;
            (!all.iter().any(told)).then(|| package(gone).to_owned())
        }
        Scope::Package(_) => None,
    };
    let mut packages: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
    for judged in &check.verdict().changes {
        if let Some(package) = gone(judged) {
            packages.entry(package).or_default().push(judged);
        }
    }
    for (package, changes) in packages {
        let lines = |heading: &str| lines(&changes, heading);
        parts.push(format!("## {package}\n{}", headed(lines)));
    }
    parts.join("\n")
}

fn of_service(check: &Check, moved: &Moved) -> String {
    let title = format!("## {} {}\n", moved.service, moved.to);
    if moved.from.is_none() {
        return format!("{title}\nFirst release.\n");
    }
    let within = |judged: &&Judged| match &judged.change.scope {
        Scope::Services(services) => services.contains(&moved.service),
        Scope::Package(of) => of == package(&moved.service),
    };
    let changes: Vec<_> = check.verdict().changes.iter().filter(within).collect();
    let by_hand = |heading: &str| match check.verdict().standing(&moved.service) {
        Some(standing) if heading == "Changed" => by_hand(standing),
        _ => String::new(),
    };
    title + &headed(|heading| by_hand(heading) + &lines(&changes, heading))
}

/// Every heading that has lines, with them.
fn headed(lines: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    for heading in HEADINGS {
        let lines = lines(heading);
        if !lines.is_empty() {
            let _ = write!(text, "\n### {heading}\n\n{lines}");
        }
    }
    text
}

fn by_hand(standing: &Standing) -> String {
    let breaks = standing.breaking.iter();
    let line =
        |(subject, reason): &(String, String)| format!("- **Breaking:** {subject}: {reason}\n");
    breaks.map(line).collect()
}

fn lines(changes: &[&Judged], heading: &str) -> String {
    let mut text = String::new();
    for judged in changes.iter().filter(|judged| head(judged) == heading) {
        let change = &judged.change;
        let breaking = if change.bump == Bump::Major {
            "**Breaking:** "
        } else {
            ""
        };
        let _ = write!(text, "- {breaking}`{}`: {}", change.subject, change.message);
        let _ = match &judged.answer {
            Answer::Accepted(reason) => writeln!(text, " (accepted: {reason})"),
            _ => writeln!(text),
        };
    }
    text
}

/// The heading that a change belongs under.
fn head(judged: &Judged) -> &'static str {
    let (id, bump) = (judged.change.rule.id, judged.change.bump);
    if id.ends_with("-deprecated") || id == "deprecated" {
        "Deprecated"
    } else if bump == Bump::Patch {
        "Fixed"
    } else if id.ends_with("-added") {
        "Added"
    } else if id.ends_with("-removed") {
        "Removed"
    } else {
        "Changed"
    }
}
