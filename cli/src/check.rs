//! `check`: what a build would say of the versions.

use couplet_codegen::compat::Change;
use couplet_codegen::release::{self, Check};

use crate::arguments::{CheckArguments, Format};
use crate::failure::Failure;
use crate::{Answer, output, packages};

/// Checks every contract that is meant.
pub(crate) fn run(arguments: &CheckArguments) -> Result<Answer, Failure> {
    let mut answer = Answer::Yes;
    for package in packages::meant(&arguments.package)? {
        let check = release::check(&package.project()?)?;
        let told = check.told();
        if !told.errors.is_empty() {
            answer = Answer::No;
        }
        match arguments.format {
            Format::Text => {
                for text in told.errors.iter().chain(&told.warnings) {
                    eprintln!("{text}\n");
                }
                print!("{}", standings(&check));
            }
            format => {
                let changes: Vec<Change> = check
                    .verdict()
                    .uncovered()
                    .map(|judged| judged.change.clone())
                    .collect();
                let old = check.old().unwrap_or_else(|| check.current());
                print!("{}", output::show(format, &changes, old, check.current()));
            }
        }
    }
    Ok(answer)
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
                standing.changes
            ),
            Some(released) => format!(
                "{service} {declared}: covers {} since {released}\n",
                standing.changes
            ),
        })
    });
    lines.collect()
}
