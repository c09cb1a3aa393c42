//! The section of a CHANGELOG about an API, as keepachangelog.com has it: by service, and by what happened.

use std::fmt::Write;

use super::Moved;
use crate::compat::{Bump, Scope};
use crate::release::check::Check;
use crate::release::verdict::{Answer, Judged};

/// The headings, in their order.
const HEADINGS: [&str; 5] = ["Added", "Changed", "Deprecated", "Removed", "Fixed"];

/// The section of a release.
pub(super) fn section(check: &Check, services: &[Moved]) -> String {
    let mut text = String::new();
    for moved in services {
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "## {} {}", moved.service, moved.to);
        if moved.from.is_none() {
            text.push_str("\nFirst release.\n");
            continue;
        }
        for heading in HEADINGS {
            let lines = lines(check, moved, heading);
            if !lines.is_empty() {
                let _ = write!(text, "\n### {heading}\n\n{lines}");
            }
        }
    }
    text
}

fn lines(check: &Check, moved: &Moved, heading: &str) -> String {
    let mut text = String::new();
    if heading == "Changed"
        && let Some(standing) = check.verdict().standing(&moved.service)
    {
        for (subject, reason) in &standing.breaking {
            let _ = writeln!(text, "- **Breaking:** {subject}: {reason}");
        }
    }
    let package = moved
        .service
        .rsplit_once('.')
        .map_or("", |(package, _)| package);
    let within = |judged: &&Judged| match &judged.change.scope {
        Scope::Services(services) => services.contains(&moved.service),
        Scope::Package(of) => of == package,
    };
    let changes = check.verdict().changes.iter().filter(within);
    for judged in changes.filter(|judged| head(judged) == heading) {
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
