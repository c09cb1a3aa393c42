//! The folder `released/`: the text of the last release and its history, as they are found there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::history::{Entry, History};
use super::{read, restore};
use crate::compat::Contract;
use crate::proto::{self, Current, Errors, generated_for, released};

/// The folder of released text within `released/`.
pub(super) const PROTO: &str = "proto";
/// The file beside it.
pub(super) const HISTORY: &str = "history.toml";

/// The folder `released/`, read.
#[derive(Debug)]
pub(crate) struct Baseline {
    folder: PathBuf,
    /// What the history says.
    pub(crate) history: History,
    /// The released files, by the name they are imported by.
    texts: BTreeMap<String, String>,
}

impl Baseline {
    /// Reads the folder; `None` where there is none.
    ///
    /// # Errors
    /// If one of its two parts is missing or cannot be read.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, Errors> {
        if !folder.is_dir() {
            return Ok(None);
        }
        let history = history(folder)?;
        let mut texts = BTreeMap::new();
        collect(&folder.join(PROTO), "", &mut texts)?;
        let shown = folder.display();
        match (history, texts.is_empty()) {
            (None, true) => Ok(None),
            (None, false) => Err(Errors::one(format!(
                "`{shown}/{HISTORY}` is missing beside `{shown}/{PROTO}`\n  = help: restore it: `git checkout \
                 {shown}/{HISTORY}`; or remove `{shown}` and begin again with `cargo couplet release`"
            ))),
            (Some(history), true) if !history.releases.is_empty() => Err(Errors::one(format!(
                "`{shown}/{HISTORY}` tells of releases, and their text in `{shown}/{PROTO}` is missing\n  = help: \
                 restore it: `git checkout {shown}/{PROTO}`"
            ))),
            (Some(history), _) => {
                let folder = folder.to_path_buf();
                let baseline = Self {
                    folder,
                    history,
                    texts,
                };
                baseline.is_whole().map(|()| Some(baseline))
            }
        }
    }

    /// Whether the text is that of the newest release: version control merges it, and people edit.
    fn is_whole(&self) -> Result<(), Errors> {
        let newest = self.history.releases.last();
        let right = |text: &str| text.is_empty() || text == digest(&self.texts);
        match newest {
            Some(newest) if !right(&newest.text) => Err(self.torn(newest)),
            _ => Ok(()),
        }
    }

    fn torn(&self, newest: &Entry) -> Errors {
        let folder = self.folder.join(PROTO);
        let conflict = self.texts.iter().find(|(_, text)| has_conflict(text));
        if let Some((file, _)) = conflict {
            return Errors::one(format!(
                "two branches have both released: `{}/{file}` has conflict markers\n  = help: {}",
                folder.display(),
                restore::merged(&self.folder)
            ));
        }
        Errors::one(format!(
            "`{}` is not the text that was released last, as {} {}\n  = note: nobody edits it; where two branches have \
             both released, version control makes a mixture of it\n  = help: where it was edited, restore it: `{}`\n  = \
             help: where it was merged, {}",
            folder.display(),
            newest.service,
            newest.version,
            restore::command(&self.folder, "HEAD"),
            restore::merged(&self.folder)
        ))
    }

    /// Whether anything was released.
    pub(crate) fn is_released(&self) -> bool {
        !self.texts.is_empty()
    }

    /// Whether the released text is this text, however its lines end.
    pub(crate) fn is_text_of(&self, texts: &BTreeMap<String, Rc<str>>) -> bool {
        self.texts.len() == texts.len()
            && self
                .texts
                .iter()
                .all(|(name, old)| texts.get(name).is_some_and(|new| same(old, new)))
    }

    /// The released text, compiled, to be compared with what it has become.
    ///
    /// # Errors
    /// What is wrong in it, and how to restore it.
    pub(crate) fn contract(&self, current: &Current) -> Result<Contract, Errors> {
        let files: BTreeSet<_> = self.texts.keys().cloned().collect();
        let now: BTreeSet<_> = current
            .contract
            .files()
            .map(|file| file.name().to_owned())
            .collect();
        let own = |pool: &prost_reflect::DescriptorPool| {
            let generated = generated_for(pool, &self.roots(pool, current));
            let was = |name: &String| {
                files.contains(name)
                    && (now.contains(name)
                        || (!current.texts.contains_key(name) && generated.contains(name)))
            };
            files.iter().filter(|name| was(name)).cloned().collect()
        };
        released(&self.folder.join(PROTO), &files, own).map_err(|errors| self.broken(&errors))
    }

    /// The files that were compiled for themselves: those that still are, and those that nobody imports.
    fn roots(&self, pool: &prost_reflect::DescriptorPool, current: &Current) -> Vec<String> {
        let imported: BTreeSet<_> = pool
            .files()
            .flat_map(|file| file.dependencies().collect::<Vec<_>>())
            .map(|file| file.name().to_owned())
            .collect();
        let is_root = |name: &&String| current.roots.contains(name) || !imported.contains(*name);
        self.texts.keys().filter(is_root).cloned().collect()
    }

    fn broken(&self, errors: &Errors) -> Errors {
        let folder = self.folder.join(PROTO);
        let mut texts: Vec<String> = errors.iter().map(str::to_owned).collect();
        texts.push(format!(
            "error: the released text does not compile, so nothing can be compared with it\n  = note: `{0}` is what was \
             released last, and nobody's to edit\n  = help: restore it: `{1}`",
            folder.display(),
            restore::command(&self.folder, "HEAD")
        ));
        Errors::from(texts)
    }
}

/// Whether version control has left two sides in a text for people to choose from.
fn has_conflict(text: &str) -> bool {
    let marker = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    text.lines().any(marker)
}

/// Reads only the history: all that is there of a contract in a package of the registry. `None` where there is none.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn history(folder: &Path) -> Result<Option<History>, Errors> {
    let path = folder.join(HISTORY);
    match std::fs::read_to_string(&path) {
        Ok(text) => read::history(&path, &text).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot_read(&path, &error)),
    }
}

/// Every `.proto` file below a folder, by the name it is imported by.
fn collect(
    folder: &Path,
    prefix: &str,
    texts: &mut BTreeMap<String, String>,
) -> Result<(), Errors> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot_read(folder, &error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| cannot_read(folder, &error))?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = format!("{prefix}{}", name.to_string_lossy());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), texts)?;
        } else if name.ends_with(".proto") {
            let text = proto::text(&path);
            texts.insert(name, text.map_err(|error| cannot_read(&path, &error))?);
        }
    }
    Ok(())
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Errors {
    Errors::one(format!("cannot read `{}`: {error}", path.display()))
}

/// Twelve digits that stand for all of these texts, however their lines end: FNV-1a, the upper 48 of 64 bits.
pub(super) fn digest(texts: &BTreeMap<String, impl AsRef<str>>) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for (name, text) in texts {
        let lines = std::iter::once(name.as_str()).chain(text.as_ref().lines());
        for byte in lines.flat_map(|line| line.bytes().chain([0])) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{:012x}", hash >> 16)
}

/// Whether two texts are the same but for what ends their lines: version control may have changed that.
fn same(one: &str, other: &str) -> bool {
    one == other || one.lines().eq(other.lines())
}
