//! A contract that is only compared: compiled, and nothing generated for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::builder::rendered;
use super::places::Columns;
use super::sources::Sources;
use super::{Errors, Front, parse};
use crate::compat::Contract;
use crate::finding::Severity;

/// Compiles every `.proto` file below `folder`; what they import is looked for there, then in `includes`.
pub(crate) fn contract(folder: &Path, includes: &[PathBuf]) -> Result<Contract, Errors> {
    let protos = proto_files(folder)?;
    let mut all = vec![folder.to_path_buf()];
    all.extend_from_slice(includes);
    let mut front = Front::new(Sources::new(&all), Columns::Bytes);
    match parse::parse(&mut front, &protos) {
        Some(pool) => {
            let own: BTreeSet<_> = front.roots.iter().cloned().collect();
            let sources = Rc::clone(&front.sources);
            Ok(Contract::new(pool, sources, front.columns, own))
        }
        None => Err(Errors(rendered(&front, Severity::Error))),
    }
}

/// Every `.proto` file below a folder, in order.
pub(crate) fn proto_files(folder: &Path) -> Result<Vec<PathBuf>, Errors> {
    let mut protos = Vec::new();
    find(folder, &mut protos)?;
    protos.sort();
    Ok(protos)
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Errors> {
    let cannot = |error| Errors::one(format!("cannot read `{}`: {error}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            found.push(path);
        }
    }
    Ok(())
}
