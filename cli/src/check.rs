//! `check`: what a build would say of the versions.

use couplet_codegen::release::{self, Check};

use crate::arguments::{CheckArguments, Format};
use crate::failure::Failure;
use crate::output::{self, Compared};
use crate::terminal::{complain, show};
use crate::{Answer, packages};

/// Checks every contract that is meant. What a build would say goes to standard error in every format: a version may be
/// wrong without any change that a program could be shown.
pub(crate) fn run(arguments: &CheckArguments) -> Result<Answer, Failure> {
    let mut answer = Answer::Yes;
    let mut checks = Vec::new();
    for project in packages::meant(&arguments.package)? {
        let check = release::check(&project)?;
        let told = check.told();
        if !told.errors.is_empty() {
            answer = Answer::No;
        }
        if arguments.require_release && check.history().is_none() {
            let folder = project.released.display();
            complain(format_args!(
                "error: nothing was released in `{folder}`: is it missing?\n"
            ));
            answer = Answer::No;
        }
        for text in told.errors.iter().chain(&told.warnings) {
            complain(format_args!("{text}\n"));
        }
        if arguments.format == Format::Text {
            show(&standings(&check))?;
        }
        checks.push(check);
    }
    if arguments.format != Format::Text {
        let compared: Vec<_> = checks.iter().map(uncovered).collect();
        show(&output::show(arguments.format, &compared))?;
    }
    Ok(answer)
}

/// The changes that no version covers.
fn uncovered(check: &Check) -> Compared<'_> {
    let open = check.verdict().uncovered();
    Compared {
        changes: open.map(|judged| judged.change.clone()).collect(),
        old: check.old().unwrap_or_else(|| check.current()),
        new: check.current(),
    }
}

/// A line for each service whose version covers what changed.
fn standings(check: &Check) -> String {
    let covered = check
        .verdict()
        .services
        .iter()
        .filter(|standing| standing.fault.is_none());
    let lines = covered.filter_map(|standing| {
        let declared = standing.declared.as_ref()?;
        let service = &standing.service;
        Some(match &standing.released {
            None => format!("{service} {declared}: never released, nothing to compare with\n"),
            Some(released) if released == declared => format!(
                "{service} {declared}: {} since its release\n",
                standing.changed()
            ),
            Some(released) => format!(
                "{service} {declared}: covers {} since {released}\n",
                standing.changed()
            ),
        })
    });
    lines.collect()
}
