//! A release: the baseline and the history moved on to the contract as it is now.

mod changelog;
mod derive;
mod files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::Version;

use self::files::Files;
use super::baseline::{Baseline, digest};
use super::check::Check;
use super::history::{Entry, History, Served};
use super::project::Project;
use super::verdict::{Answer, Judged, Standing};
use super::{read, write};
use crate::compat::Scope;
use crate::proto::Errors;

/// A release that is ready to be written.
#[derive(Debug)]
pub struct Release {
    /// The services whose version moves.
    pub services: Vec<Moved>,
    /// The section of a CHANGELOG for it, in Markdown: what changed in the API, by service.
    pub changelog: String,
    files: Files,
    /// The files that the project compiles.
    compiled: Vec<PathBuf>,
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
pub fn release(project: &Project) -> Result<Release, Errors> {
    let folder = &project.released;
    let baseline = Baseline::read(folder)?;
    let text = match &baseline {
        Some(_) => files::history(folder)?,
        None => first(project)?,
    };
    let old = baseline.as_ref().map(|known| known.history.clone());
    let check = Check::of(project.current(baseline.as_ref())?, baseline)?;
    let told = check.told();
    if !told.errors.is_empty() {
        return Err(Errors::from(told.errors));
    }
    let mut history = old.unwrap_or_default();
    let moved = moved(&check)?;
    let services: Vec<_> = moved
        .iter()
        .map(|standing| derive::moved(&check, &history, standing))
        .collect();
    taken_in(&check, &services)?;
    let changelog = changelog::section(&check, &services);
    advance(&check, &mut history, &services);
    let wrong = |error| {
        Errors::one(format!(
            "cannot write `{}/history.toml`: {error}",
            folder.display()
        ))
    };
    let text = write::history(&text, &history).map_err(|error| wrong(error.to_string()))?;
    // What is written must be read by the next build.
    read::history(&folder.join("history.toml"), &text)?;
    project.current_after(&history)?;
    let files = Files::new(folder, &check.current.texts, text);
    Ok(Release {
        services,
        changelog,
        files,
        compiled: project.protos.clone(),
    })
}

impl Release {
    /// Writes the baseline and the history, whole or not at all, and names the files that are there now. The first time
    /// it also gives the files that are compiled a new time, so that the next build looks.
    ///
    /// # Errors
    /// If a file cannot be written; then what was there before is there still.
    pub fn write(&self) -> Result<Vec<PathBuf>, Errors> {
        let is_first = self.files.is_first();
        let written = self.files.write()?;
        if is_first {
            files::wake_cargo(&self.compiled, &written);
        }
        Ok(written)
    }
}

/// The text of a first history, which keeps what the project compiles where nobody could guess that.
fn first(project: &Project) -> Result<String, Errors> {
    let usual = Project::at(&project.manifest_dir);
    if usual.is_ok_and(|usual| usual == *project) {
        return Ok(write::empty());
    }
    let below = |paths: &[PathBuf]| -> Vec<String> {
        let name = |path: &PathBuf| match path.strip_prefix(&project.manifest_dir) {
            // As everybody's tools read it, whatever this machine puts between folders.
            Ok(below) => {
                let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
                parts.join("/")
            }
            Err(_) => path.display().to_string(),
        };
        paths.iter().map(name).collect()
    };
    let (protos, includes) = (below(&project.protos), below(&project.includes));
    let text = write::sources(&write::empty(), &protos, &includes);
    text.map_err(|error| Errors::one(error.to_string()))
}

/// The services whose declared version is not the released one.
fn moved(check: &Check) -> Result<Vec<&Standing>, Errors> {
    let mut moved = Vec::new();
    for standing in &check.verdict().services {
        let Some(declared) = &standing.declared else {
            continue;
        };
        if !declared.pre.is_empty() {
            let last = match &standing.released {
                Some(released) => format!("{released} stays what changes are compared with"),
                None => "there is no release yet".to_owned(),
            };
            return Err(Errors::one(format!(
                "{} declares {declared}, and a prerelease moves nothing: {last}, until {}.{}.{} is declared",
                standing.service, declared.major, declared.minor, declared.patch
            )));
        }
        let same = |released: &Version| released.cmp_precedence(declared).is_eq();
        if !standing.released.as_ref().is_some_and(same) {
            moved.push(standing);
        }
    }
    match (
        moved.is_empty(),
        check
            .verdict()
            .services
            .iter()
            .any(|it| it.declared.is_some()),
    ) {
        (false, _) => Ok(moved),
        (true, true) => Err(Errors::one(
            "there is nothing to release: every service declares the version that was released last",
        )),
        (true, false) => Err(Errors::one(
            "there is nothing to release: no service declares a version\n  = help: write `option (couplet.service) = { \
             version: \"1.0.0\" };` in it",
        )),
    }
}

/// The released text swallows what was accepted, so the versions of those whom it concerns have to move.
fn taken_in(check: &Check, services: &[Moved]) -> Result<(), Errors> {
    let moves = |service: &str| services.iter().any(|moved| moved.service == service);
    for judged in accepted(check) {
        let Scope::Services(concerned) = &judged.change.scope else {
            continue;
        };
        let standings = check.verdict().services.iter();
        let mut still = standings.filter(|standing| {
            standing.released.is_some()
                && concerned.contains(&standing.service)
                && !moves(&standing.service)
        });
        if let Some(standing) = still.next() {
            let next = standing.released.as_ref().map(|released| {
                super::steps::next(released, crate::compat::Bump::Patch).to_string()
            });
            return Err(Errors::one(format!(
                "{} takes in the accepted change {} ({}), so its version has to move: declare at least {}",
                standing.service,
                judged.change.fingerprint,
                judged.change.message,
                next.unwrap_or_default()
            )));
        }
    }
    Ok(())
}

fn accepted(check: &Check) -> impl Iterator<Item = &Judged> {
    let changes = check.verdict().changes.iter();
    changes.filter(|judged| matches!(judged.answer, Answer::Accepted(_)))
}

/// Writes the release into the history.
fn advance(check: &Check, history: &mut History, services: &[Moved]) {
    let text = digest(&check.current.texts);
    for moved in services {
        let since = derive::since(check, history, moved);
        let served = Served {
            version: moved.to.clone(),
            wire_since: moved.wire_since.clone(),
            since,
        };
        history.services.insert(moved.service.clone(), served);
        history.releases.push(Entry {
            service: moved.service.clone(),
            version: moved.to.clone(),
            text: text.clone(),
        });
    }
    derive::retire(check, &mut history.retired);
    let names: BTreeMap<&str, String> = services
        .iter()
        .map(|moved| {
            (
                moved.service.as_str(),
                format!("{} {}", moved.service, moved.to),
            )
        })
        .collect();
    for judged in accepted(check) {
        let released = match &judged.change.scope {
            Scope::Services(all) => all
                .iter()
                .filter_map(|service| names.get(service.as_str()).cloned())
                .collect(),
            Scope::Package(_) => names.values().cloned().collect::<Vec<_>>(),
        };
        let open = history
            .accepted
            .iter_mut()
            .filter(|entry| entry.released.is_none());
        for entry in open.filter(|entry| entry.fingerprint == judged.change.fingerprint) {
            entry.released = Some(released.clone());
        }
    }
    // What it was about is no more: should it come again, that is another decision.
    for entry in &mut history.accepted {
        entry.released.get_or_insert_default();
    }
    let open = history
        .breaking
        .iter_mut()
        .filter(|entry| entry.released.is_none());
    for entry in open {
        if let Some(name) = names.get(entry.service.as_str()) {
            entry.released = Some(vec![name.clone()]);
        }
    }
}

/// The path of the history in `folder`.
pub(super) fn history_of(folder: &Path) -> Result<String, Errors> {
    files::history(folder)
}

/// Writes the history alone, whole or not at all.
pub(super) fn write_history(folder: &Path, text: &str) -> Result<(), Errors> {
    files::write_history(folder, text)
}
