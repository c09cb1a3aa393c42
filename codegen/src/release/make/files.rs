//! The files of a release, written whole or not at all: beside the old ones first, then put in their place.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::proto::Errors;
use crate::release::baseline::{HISTORY, PROTO};

/// The files of a release.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    protos: BTreeMap<String, String>,
    history: String,
}

impl Files {
    pub(super) fn new(folder: &Path, texts: &BTreeMap<String, Rc<str>>, history: String) -> Self {
        let protos = texts.iter();
        Self {
            folder: folder.to_path_buf(),
            protos: protos
                .map(|(name, text)| (name.clone(), text.to_string()))
                .collect(),
            history,
        }
    }

    /// Whether there is no folder yet.
    pub(super) fn is_first(&self) -> bool {
        !self.folder.is_dir()
    }

    /// Writes everything and names it.
    pub(super) fn write(&self) -> Result<Vec<PathBuf>, Errors> {
        let wrong = |error: io::Error| {
            Errors::one(format!(
                "cannot write `{}`: {error}; nothing there was changed",
                self.folder.display()
            ))
        };
        std::fs::create_dir_all(&self.folder).map_err(wrong)?;
        let fresh = self.beside("new");
        let written = self.fill(&fresh).and_then(|()| self.exchange(&fresh));
        let _ = std::fs::remove_dir_all(&fresh);
        written.map_err(wrong)?;
        let mut paths: Vec<_> = self
            .protos
            .keys()
            .map(|name| self.folder.join(PROTO).join(name))
            .collect();
        paths.push(self.folder.join(HISTORY));
        Ok(paths)
    }

    /// A folder of our own on the same file system.
    fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(format!(".{name}-{}", std::process::id()))
    }

    fn fill(&self, fresh: &Path) -> io::Result<()> {
        for (name, text) in &self.protos {
            let path = fresh.join(PROTO).join(name);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, text)?;
        }
        std::fs::write(fresh.join(HISTORY), &self.history)
    }

    /// Puts the new files in the place of the old ones, or everything back.
    fn exchange(&self, fresh: &Path) -> io::Result<()> {
        let (proto, old) = (self.folder.join(PROTO), self.beside("old"));
        let had = proto.is_dir();
        if had {
            std::fs::rename(&proto, &old)?;
        }
        let done = std::fs::rename(fresh.join(PROTO), &proto)
            .and_then(|()| std::fs::rename(fresh.join(HISTORY), self.folder.join(HISTORY)));
        if done.is_err() {
            let _ = std::fs::remove_dir_all(&proto);
            if had {
                std::fs::rename(&old, &proto)?;
            }
        } else if had {
            let _ = std::fs::remove_dir_all(&old);
        }
        done
    }
}

/// The text of the history in a folder; that of an empty one where there is none.
pub(super) fn history(folder: &Path) -> Result<String, Errors> {
    let path = folder.join(HISTORY);
    let text = std::fs::read_to_string(&path);
    text.map_err(|error| Errors::one(format!("cannot read `{}`: {error}", path.display())))
}

/// Writes the history alone.
pub(super) fn write_history(folder: &Path, text: &str) -> Result<(), Errors> {
    let path = folder.join(HISTORY);
    let fresh = folder.join(format!(".{HISTORY}-{}", std::process::id()));
    let done = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, &path));
    let _ = std::fs::remove_file(&fresh);
    done.map_err(|error| Errors::one(format!("cannot write `{}`: {error}", path.display())))
}

/// Makes the next build run the build script. It could not tell cargo to watch a folder that was not there, and cargo
/// would go on repeating that there is no baseline.
pub(super) fn wake_cargo(compiled: &[PathBuf], written: &[PathBuf]) {
    let times = written
        .iter()
        .filter_map(|path| std::fs::metadata(path).ok()?.modified().ok());
    let Some(now) = times.max() else { return };
    for path in compiled {
        // Where it is not allowed, the next change of the contract does it.
        let file = std::fs::File::options().append(true).open(path);
        let _ = file.and_then(|file| file.set_modified(now));
    }
}
