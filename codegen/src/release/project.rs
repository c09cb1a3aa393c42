//! A contract's crate as the command line finds it: which files are compiled, and where its releases are.

use std::path::{Path, PathBuf};

use super::baseline;
use crate::proto::{Current, Errors, proto_files};

/// The folder of releases beside Cargo.toml.
pub(crate) const RELEASED: &str = "released";
/// Where contracts are unless their project says otherwise.
const PROTO: &str = "proto";

/// A contract's crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The folder of its Cargo.toml.
    pub manifest_dir: PathBuf,
    /// The files that are compiled; what they import is compiled with them.
    pub protos: Vec<PathBuf>,
    /// Where they import each other from.
    pub includes: Vec<PathBuf>,
    /// Where its releases are.
    pub released: PathBuf,
}

impl Project {
    /// The project at this folder. What it compiles stands in `released/history.toml` under `[settings]`, as `protos`
    /// and `includes`; where it does not, it is every file below `proto`.
    ///
    /// # Errors
    /// If the history cannot be read, or if there is no `.proto` file.
    pub fn at(manifest_dir: &Path) -> Result<Self, Errors> {
        let released = manifest_dir.join(RELEASED);
        let settings = baseline::history(&released)?.unwrap_or_default().settings;
        let below = |paths: Vec<PathBuf>| -> Vec<PathBuf> {
            paths.iter().map(|path| manifest_dir.join(path)).collect()
        };
        let includes = match settings.includes {
            none if none.is_empty() => below(vec![PathBuf::from(PROTO)]),
            some => below(some),
        };
        let protos = match settings.protos {
            none if none.is_empty() => proto_files(&manifest_dir.join(PROTO))?,
            some => below(some),
        };
        Ok(Self {
            manifest_dir: manifest_dir.to_path_buf(),
            protos,
            includes,
            released,
        })
    }

    /// The same with other files than the folder says.
    #[must_use]
    pub fn compiling(self, protos: Vec<PathBuf>, includes: Vec<PathBuf>) -> Self {
        Self {
            protos,
            includes,
            ..self
        }
    }

    pub(super) fn current(&self) -> Result<Current, Errors> {
        Current::read(&self.protos, &self.includes)
    }
}
