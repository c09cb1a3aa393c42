//! A release: the baseline and the history moved on to the contract as it is now.

use std::path::PathBuf;

use semver::Version;

use super::project::Project;
use crate::proto::Errors;

/// A release that is ready to be written.
#[derive(Debug)]
pub struct Release {
    /// The services whose version moves.
    pub services: Vec<Moved>,
    /// The section of a CHANGELOG for it, in Markdown: what changed in the API, by service.
    pub changelog: String,
}

/// A service whose version moves with a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its full name.
    pub service: String,
    /// The last release; `None` where this is the first.
    pub from: Option<Version>,
    /// This one.
    pub to: Version,
    /// The oldest release whose wire it still reads and writes.
    pub wire_since: Version,
    /// The parts that came with it: methods by name, fields and enum values by full name.
    pub brought: Vec<String>,
}

/// Makes a release of what the contract is now. Nothing is written before [`Release::write`].
///
/// # Errors
/// What stops a build stops a release. A prerelease moves nothing, and neither does a contract in which no version has
/// moved.
pub fn release(_project: &Project) -> Result<Release, Errors> {
    Err(Errors::one("not yet"))
}

impl Release {
    /// Writes the baseline and the history, whole or not at all, and names the files that were written or removed.
    ///
    /// # Errors
    /// If a file cannot be written; then what was there before is there still.
    pub fn write(&self) -> Result<Vec<PathBuf>, Errors> {
        Ok(Vec::new())
    }
}
