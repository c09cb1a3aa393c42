//! The gate of a build: where its baseline is, whether it is held against it, and what it is told then.

use std::path::{Path, PathBuf};

use super::baseline::{self, Baseline};
use super::check::Check;
use super::message::Told;
use super::project::RELEASED;
use super::verdict::Declared;
use crate::derived::Histories;
use crate::proto::{Current, Errors};

/// Beside what a build writes: that it has said how a baseline is made.
const SAID: &str = "_couplet.baseline";

/// Where the releases of a contract are kept, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    folder: PathBuf,
    /// The package is what cargo has fetched or made, or what a team has vendored.
    foreign: bool,
}

/// The gate of a build.
#[derive(Debug)]
pub(crate) enum Gate {
    /// Nobody knows where a baseline would be: this is no build script.
    Nowhere,
    /// The package is somebody else's: its history is read, and nothing is held against it.
    Foreign(Histories),
    /// There is no baseline yet.
    Unreleased,
    /// There is one.
    Released(Box<Baseline>),
}

impl Place {
    /// The folder that was `chosen`, or else the one beside the Cargo.toml in the folder of a build script's package.
    pub(crate) fn of(chosen: Option<&Path>, manifest_dir: Option<&Path>) -> Option<Self> {
        let beside = || Some(shown(manifest_dir?.join(RELEASED)));
        let folder = chosen.map(Path::to_path_buf).or_else(beside)?;
        let foreign = manifest_dir.is_some_and(is_foreign);
        Some(Self { folder, foreign })
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// If the baseline cannot be read.
    pub(crate) fn open(&self) -> Result<Gate, Errors> {
        if self.foreign {
            let history = baseline::history(&self.folder)?.unwrap_or_default();
            return Ok(Gate::Foreign(history.histories()));
        }
        Ok(match Baseline::read(&self.folder)? {
            Some(baseline) => Gate::Released(Box::new(baseline)),
            None => Gate::Unreleased,
        })
    }

    /// The folder, if it is there for cargo to watch: it would run a build script each time for one that is not.
    pub(crate) fn watched(self) -> Option<PathBuf> {
        self.folder.is_dir().then_some(self.folder)
    }
}

impl Gate {
    /// What generated code is told of the releases.
    pub(crate) fn histories(&self) -> Histories {
        match self {
            Self::Nowhere | Self::Unreleased => Histories::new(),
            Self::Foreign(histories) => histories.clone(),
            Self::Released(baseline) => baseline.history.histories(),
        }
    }

    /// Holds a contract against its baseline. Without one it says how it is made, once for each `out_dir`.
    ///
    /// # Errors
    /// If the released text does not compile.
    pub(crate) fn held(self, current: Current, out_dir: &Path) -> Result<Told, Errors> {
        match self {
            Self::Nowhere | Self::Foreign(_) => Ok(Told::default()),
            Self::Unreleased => Ok(unreleased(&current, out_dir)),
            Self::Released(baseline) => Ok(Check::of(current, Some(*baseline))?.told()),
        }
    }
}

fn unreleased(current: &Current, out_dir: &Path) -> Told {
    let said = out_dir.join(SAID);
    match advice(&current.declared) {
        Some(text) if !said.exists() => {
            // If it cannot be written, it is said again.
            let _ = std::fs::write(said, "");
            Told {
                errors: Vec::new(),
                warnings: vec![text],
            }
        }
        _ => Told::default(),
    }
}

/// How a first release is made, unless nothing declares a version.
fn advice(declared: &[Declared]) -> Option<String> {
    let versions = declared.iter().filter_map(|declared| {
        let version = declared.version.as_ref()?;
        Some((declared.service.as_str(), version))
    });
    let mut versions: Vec<_> = versions.collect();
    versions.sort();
    let (first, rest) = versions.split_first()?;
    let (service, version) = first;
    let rest: Vec<_> = rest
        .iter()
        .map(|(service, version)| format!(", {service} {version}"))
        .collect();
    let (rest, whose) = match rest.is_empty() {
        true => (String::new(), "its changes to it"),
        false => (rest.concat(), "their changes to them"),
    };
    let is_before = versions.iter().any(|(_, version)| !version.pre.is_empty());
    let then = match is_before {
        true => "a prerelease is not kept: once it is final, `cargo couplet release` keeps it"
            .to_owned(),
        false => format!(
            "`cargo couplet release` keeps this release in {RELEASED}/, and the next build compares"
        ),
    };
    Some(format!(
        "{service} declares version {version}{rest}, and nothing holds {whose}: {then}"
    ))
}

/// The copy that cargo puts into every package it makes: of a Cargo.toml as its author wrote it.
const PACKAGED: &str = "Cargo.toml.orig";
/// Beside the Cargo.toml of what is vendored.
const VENDORED: &str = ".cargo-checksum.json";

/// Whether a package is from a registry or from somebody's repository: what cargo fetched, or a team has vendored. What
/// `cargo package` has made, and builds to verify it, is no other.
fn is_foreign(manifest_dir: &Path) -> bool {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let has = |name: &&str| manifest_dir.join(name).is_file();
    is_below(manifest_dir, home.as_deref()) || [PACKAGED, VENDORED].iter().any(has)
}

/// Whether a package is below cargo's own folder. An empty one is none: everything would be below it.
fn is_below(manifest_dir: &Path, home: Option<&Path>) -> bool {
    home.is_some_and(|home| !home.as_os_str().is_empty() && manifest_dir.starts_with(home))
}

/// A path as short as it can be said: seen from the folder in which cargo runs build scripts.
fn shown(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir();
    let below = here
        .ok()
        .and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    below.unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use semver::Version;

    use super::{Declared, advice, is_below};

    #[test]
    fn what_cargo_has_fetched_is_somebody_elses() {
        let below = |package: &str, home: &str| is_below(Path::new(package), Some(Path::new(home)));
        assert!(below(
            "/users/ada/.cargo/registry/src/index/movies-api-1.4.2",
            "/users/ada/.cargo"
        ));
        assert!(below("/cargo/git/checkouts/movies/3f2c9a4/api", "/cargo"));
        assert!(!below("/users/ada/movies/api", "/users/ada/.cargo"));
        assert!(!below("/users/ada/.cargo-movies/api", "/users/ada/.cargo"));
        assert!(!below("/users/ada/movies/api", ""));
        assert!(!is_below(Path::new("/users/ada/movies/api"), None));
    }

    #[test]
    fn every_service_is_named_and_a_prerelease_is_not_to_be_released() {
        let advice = |versions: &[(&str, &str)]| {
            let declared = versions.iter().map(|(service, version)| Declared {
                service: (*service).to_owned(),
                version: Version::parse(version).ok(),
                at: None,
            });
            advice(&declared.collect::<Vec<_>>())
        };
        assert_eq!(advice(&[("v1.Books", "none")]), None);
        let two = advice(&[("v1.Loans", "0.3.1"), ("v1.Books", "1.4.2")]).unwrap();
        assert!(
            two.starts_with("v1.Books declares version 1.4.2, v1.Loans 0.3.1, and nothing holds their changes to them"),
            "{two}"
        );
        let before = advice(&[("v1.Books", "1.0.0-rc.1")]).unwrap();
        assert!(
            before.contains("a prerelease is not kept: once it is final"),
            "{before}"
        );
    }
}
