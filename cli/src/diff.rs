//! `diff`: what changed between two states of a contract.

use std::path::Path;

use couplet_codegen::compat::{Bump, Contract, Terms, diff};
use couplet_codegen::release::{self, Check};

use crate::arguments::DiffArguments;
use crate::failure::Failure;
use crate::output::{self, Compared};
use crate::terminal::{complain, show};
use crate::{Answer, packages};

/// Compares, and shows what changed.
pub(crate) fn run(arguments: &DiffArguments) -> Result<Answer, Failure> {
    let (Some(old), Some(new)) = (&arguments.old, &arguments.new) else {
        return with_the_release(arguments);
    };
    let terms = Terms {
        json: !arguments.no_json,
        ..Terms::default()
    };
    let (before, after) = (old, new);
    let (old, new) = (read(old, arguments)?, read(new, arguments)?);
    let is_empty = |contract: &Contract| contract.files().next().is_none();
    let empty = |folder: &Path| {
        complain(format_args!(
            "note: there is no .proto file below `{}`",
            folder.display()
        ))
    };
    match (is_empty(&old), is_empty(&new)) {
        (false, false) => {}
        (true, true) => return Err(Failure::NothingToCompare(before.clone(), after.clone())),
        (true, false) => empty(before),
        (false, true) => empty(after),
    }
    let compared = Compared {
        changes: diff(&old, &new, &terms),
        old: &old,
        new: &new,
    };
    shown(&[compared], arguments)
}

/// The last release, and the contract as it is.
fn with_the_release(arguments: &DiffArguments) -> Result<Answer, Failure> {
    let mut checks = Vec::new();
    for project in packages::meant(&arguments.package)? {
        let check = release::check(&project)?;
        if check.history().is_none() {
            return Err(Failure::NoRelease(project.released));
        }
        checks.push(check);
    }
    let compared: Vec<_> = checks.iter().map(since_the_release).collect();
    shown(&compared, arguments)
}

fn since_the_release(check: &Check) -> Compared<'_> {
    let changes = check.verdict().changes.iter();
    Compared {
        changes: changes.map(|judged| judged.change.clone()).collect(),
        old: check.old().unwrap_or_else(|| check.current()),
        new: check.current(),
    }
}

fn shown(compared: &[Compared<'_>], arguments: &DiffArguments) -> Result<Answer, Failure> {
    show(&output::show(arguments.format, compared))?;
    let limit = arguments.fail_on.map(Bump::from);
    let mut changes = compared.iter().flat_map(|one| &one.changes);
    Ok(
        match limit.is_some_and(|limit| changes.any(|change| change.bump >= limit)) {
            true => Answer::No,
            false => Answer::Yes,
        },
    )
}

fn read(folder: &Path, arguments: &DiffArguments) -> Result<Contract, Failure> {
    if !folder.is_dir() {
        return Err(Failure::NoFolder(folder.to_path_buf()));
    }
    Ok(Contract::read(folder, &arguments.include)?)
}
