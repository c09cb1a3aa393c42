//! `diff`: what changed between two states of a contract.

use std::path::{Path, PathBuf};

use couplet_codegen::compat::{Bump, Change, Contract, Terms, diff};

use crate::Answer;
use crate::arguments::DiffArguments;
use crate::failure::Failure;
use crate::output;

/// Compares, and shows what changed.
pub(crate) fn run(arguments: &DiffArguments) -> Result<Answer, Failure> {
    let (Some(old), Some(new)) = (&arguments.old, &arguments.new) else {
        return Err(Failure::NoFolder(PathBuf::from("released/proto")));
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
