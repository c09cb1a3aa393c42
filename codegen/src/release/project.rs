//! A contract's crate as the command line finds it: which files are compiled, and where its releases are.

use std::path::{Path, PathBuf};

use super::baseline::{self, Baseline};
use super::history::History;
use crate::ir::Service;
use crate::proto::{Current, Errors, proto_files, services_of};

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
        Self::of(manifest_dir, Path::new(RELEASED), Path::new(PROTO))
    }

    /// One of several contracts of the project at this folder: the files below `proto/NAME`, released in `released/NAME`.
    ///
    /// # Errors
    /// As of [`Project::at`].
    pub fn named(manifest_dir: &Path, name: &str) -> Result<Self, Errors> {
        let below = |folder: &str| Path::new(folder).join(name);
        Self::of(manifest_dir, &below(RELEASED), &below(PROTO))
    }

    /// The contracts of the project at this folder: the one, or those whose releases are in folders below `released`.
    ///
    /// # Errors
    /// As of [`Project::at`].
    pub fn all(manifest_dir: &Path) -> Result<Vec<Self>, Errors> {
        let released = manifest_dir.join(RELEASED);
        let mut names = Vec::new();
        if !released.join(baseline::HISTORY).is_file() {
            let entries = std::fs::read_dir(&released).into_iter().flatten().flatten();
            let several = entries.filter(|entry| entry.path().join(baseline::HISTORY).is_file());
            names.extend(several.filter_map(|entry| entry.file_name().into_string().ok()));
            names.sort();
        }
        match names.is_empty() {
            true => Ok(vec![Self::at(manifest_dir)?]),
            false => names
                .iter()
                .map(|name| Self::named(manifest_dir, name))
                .collect(),
        }
    }

    fn of(manifest_dir: &Path, released: &Path, proto: &Path) -> Result<Self, Errors> {
        let released = manifest_dir.join(released);
        let settings = baseline::history(&released)?.unwrap_or_default().settings;
        let below = |paths: Vec<PathBuf>| -> Vec<PathBuf> {
            paths.iter().map(|path| manifest_dir.join(path)).collect()
        };
        let includes = match settings.includes {
            none if none.is_empty() => below(vec![proto.to_path_buf()]),
            some => below(some),
        };
        let protos = match settings.protos {
            none if none.is_empty() => proto_files(&manifest_dir.join(proto))
                .map_err(|errors| elsewhere(&errors, &released))?,
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

    /// Its contract as it is now, by what `baseline` tells of its releases.
    pub(super) fn current(&self, baseline: Option<&Baseline>) -> Result<Current, Errors> {
        let none = History::default();
        let history = baseline.map(|known| &known.history);
        self.current_after(history.unwrap_or(&none))
    }

    /// Its services as they are now, checked as in a build.
    pub(crate) fn services(&self) -> Result<Vec<Service>, Errors> {
        let baseline = Baseline::read(&self.released)?;
        let histories = baseline.map(|known| known.history.histories());
        let histories = histories.unwrap_or_default();
        let services = services_of(&self.protos, &self.includes, histories);
        services.map_err(|errors| elsewhere_if_missing(errors, &self.released))
    }

    /// Its contract as it is now, by what a history tells of its releases.
    pub(super) fn current_after(&self, history: &History) -> Result<Current, Errors> {
        let current = Current::read(&self.protos, &self.includes, history.histories());
        current.map_err(|errors| elsewhere_if_missing(errors, &self.released))
    }
}

/// [`elsewhere`], where an import was not found.
fn elsewhere_if_missing(errors: Errors, released: &Path) -> Errors {
    let is_missing = errors.iter().any(|text| text.contains("` not found"));
    match is_missing {
        true => elsewhere(&errors, released),
        false => errors,
    }
}

/// The same mistakes, with the way out for a contract that is not where it usually is: only its build script knows.
fn elsewhere(errors: &Errors, released: &Path) -> Errors {
    let mut texts: Vec<String> = errors.iter().map(str::to_owned).collect();
    texts.push(format!(
        "note: `cargo couplet` compiles what is below `{PROTO}`, unless `{}` names what the build script does:\n\n    \
         format = 1\n\n    [settings]\n    protos = [\"proto/movies.proto\"]\n    includes = [\"proto\", \"third_party\"]",
        released.join(baseline::HISTORY).display()
    ));
    Errors::from(texts)
}
