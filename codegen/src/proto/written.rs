//! What a build leaves in its output folder, and what it takes away that a former one left there.
//!
//! A package that is renamed must not go on compiling from the file that it had. So a list of what was written stays
//! beside it. A build script may build several contracts into one folder: what another build of the same program
//! wrote there is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::errors::Errors;

/// The file with the names of what was written, one a line.
const LIST: &str = "_couplet.files";

/// What one contract came to in this program.
struct Build {
    folder: PathBuf,
    protos: Vec<PathBuf>,
    names: BTreeSet<String>,
}

static BUILDS: Mutex<Vec<Build>> = Mutex::new(Vec::new());

/// Writes the files of a contract in place of those that an older state of it has left in the folder.
pub(super) fn replace(
    folder: &Path,
    protos: &[PathBuf],
    files: &BTreeMap<String, String>,
) -> Result<Vec<PathBuf>, Errors> {
    let list = folder.join(LIST);
    let names = names(folder, protos, files);
    let former = std::fs::read(&list).unwrap_or_default();
    for name in String::from_utf8_lossy(&former).lines() {
        if is_ours(name) && !names.contains(name) {
            remove(&folder.join(name))?;
        }
    }
    // After the removals: there are file systems on which `Shop.rs` and `shop.rs` are one file.
    let written = write(folder, files)?;
    let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
    update(&list, &lines)?;
    Ok(written)
}

/// Writes what has changed; what has not keeps its time, so that nothing is built for it.
pub(super) fn write(
    folder: &Path,
    files: &BTreeMap<String, String>,
) -> Result<Vec<PathBuf>, Errors> {
    let mut written = Vec::with_capacity(files.len());
    for (name, text) in files {
        let path = folder.join(name);
        update(&path, text)?;
        written.push(path);
    }
    Ok(written)
}

/// The names that belong in the folder: of these files, and of other contracts that this program has built there.
fn names(folder: &Path, protos: &[PathBuf], files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut builds = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
    builds.retain(|build| build.folder != folder || build.protos != protos);
    builds.push(Build {
        folder: folder.to_path_buf(),
        protos: protos.to_vec(),
        names: files.keys().cloned().collect(),
    });
    let here = builds.iter().filter(|build| build.folder == folder);
    here.flat_map(|build| build.names.iter().cloned()).collect()
}

/// Whether a line of the list can be the name of a file of ours: the list may be anybody's work.
fn is_ours(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let plain = matches!(parts.next(), Some(Component::Normal(part)) if part == name);
    plain && parts.next().is_none() && name.ends_with(".rs")
}

/// Removes a file, if there is one: neither a folder nor what a link leads to.
fn remove(path: &Path) -> Result<(), Errors> {
    if !std::fs::symlink_metadata(path).is_ok_and(|data| data.is_file()) {
        return Ok(());
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Errors::one(format!(
            "cannot remove `{}`, which is of a former build: {error}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Writes one file, if it says something else now.
pub(super) fn update(path: &Path, text: &str) -> Result<(), Errors> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    let done = std::fs::write(path, text);
    done.map_err(|error| Errors::one(format!("cannot write `{}`: {error}", path.display())))
}
