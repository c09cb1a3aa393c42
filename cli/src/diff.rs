//! `diff`: what changed between two states of a contract.

use std::path::Path;

use couplet_codegen::compat::{Bump, Change, Contract, Terms, diff};
use couplet_codegen::release;

use crate::arguments::DiffArguments;
use crate::failure::Failure;
use crate::{Answer, output, packages};

/// Compares, and shows what changed.
pub(crate) fn run(arguments: &DiffArguments) -> Result<Answer, Failure> {
    let (Some(old), Some(new)) = (&arguments.old, &arguments.new) else {
        return with_the_release(arguments);
    };
    let terms = Terms {
        json: !arguments.no_json,
        ..Terms::default()
    };
    let (old, new) = (read(old, arguments)?, read(new, arguments)?);
    let changes = diff(&old, &new, &terms);
    print!("{}", output::show(arguments.format, &changes, &old, &new));
    Ok(answer(&changes, arguments))
}

/// The last release, and the contract as it is.
fn with_the_release(arguments: &DiffArguments) -> Result<Answer, Failure> {
    let mut answer = Answer::Yes;
    for package in packages::meant(&arguments.package)? {
        let project = package.project()?;
        let check = release::check(&project)?;
        if check.history().is_none() {
            return Err(Failure::NoRelease(project.released));
        }
        let changes: Vec<Change> = check
            .verdict()
            .changes
            .iter()
            .map(|judged| judged.change.clone())
            .collect();
        let old = check.old().unwrap_or_else(|| check.current());
        print!(
            "{}",
            output::show(arguments.format, &changes, old, check.current())
        );
        if self::answer(&changes, arguments) == Answer::No {
            answer = Answer::No;
        }
    }
    Ok(answer)
}

fn answer(changes: &[Change], arguments: &DiffArguments) -> Answer {
    let limit = arguments.fail_on.map(Bump::from);
    match limit.is_some_and(|limit| changes.iter().any(|change| change.bump >= limit)) {
        true => Answer::No,
        false => Answer::Yes,
    }
}

fn read(folder: &Path, arguments: &DiffArguments) -> Result<Contract, Failure> {
    if !folder.is_dir() {
        return Err(Failure::NoFolder(folder.to_path_buf()));
    }
    Ok(Contract::read(folder, &arguments.include)?)
}
