//! Why a question could not be answered.

use std::path::{Path, PathBuf};

use couplet::config::ServiceConfigErrors;

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A contract that does not compile, or cannot be read.
    #[error("{0}")]
    Contract(#[from] couplet_codegen::Errors),
    /// A folder that is not there.
    #[error("error: `{}` is no folder: name the folder that holds the .proto files", .0.display())]
    NoFolder(PathBuf),
    /// Nothing was released yet.
    #[error(
        "error: there is no release to compare with: `{}` is not there\nhelp: `cargo couplet release` makes the first one; \
         two folders are compared by `cargo couplet diff OLD NEW`",
        .0.display()
    )]
    NoRelease(PathBuf),
    /// Cargo does not know the package.
    #[error("error: cargo cannot tell the packages of this folder:\n{0}")]
    Cargo(String),
    /// No package has a contract.
    #[error(
        "error: no package here has `couplet-codegen` among its build-dependencies\nhelp: go to the folder of a contract's \
         package, or name it with `--manifest-path`"
    )]
    NoContract,
    /// A package that is not there, or has no contract.
    #[error("error: `{name}` is no package with a contract; those are: {}", .known.join(", "))]
    NoPackage {
        /// What was asked for.
        name: String,
        /// The packages that have one.
        known: Vec<String>,
    },
    /// Only one can be meant.
    #[error("error: there are several packages with a contract here\nhelp: name one with `--package`: {}", .0.join(", "))]
    SeveralPackages(Vec<String>),
    /// Only one can be meant.
    #[error("error: this package has several contracts\nhelp: name one with `--contract`: {}", .0.join(", "))]
    SeveralContracts(Vec<String>),
    /// Neither folder has a contract.
    #[error("error: there is no .proto file below `{}`, and none below `{}`", .0.display(), .1.display())]
    NothingToCompare(PathBuf, PathBuf),
    /// The changelog could not be read, so nothing was released.
    #[error(
        "error: cannot read `{}`: {why}\nhelp: nothing was released; mend it, or name another one with `--changelog`, or \
         none with `--no-changelog`",
        .path.display()
    )]
    Changelog {
        /// Where it is.
        path: PathBuf,
        /// What was wrong.
        why: std::io::Error,
    },
    /// The changelog could not be written after the release was.
    #[error(
        "error: cannot write `{}`: {why}\nhelp: the release itself was written; this is its section:\n\n{section}",
        .path.display()
    )]
    Section {
        /// What belongs in it.
        section: String,
        /// Where it is.
        path: PathBuf,
        /// What was wrong.
        why: std::io::Error,
    },
    /// The service config could not be read.
    #[error("error: cannot read `{}`: {why}", .path.display())]
    NoServiceConfig {
        /// Where it should be.
        path: PathBuf,
        /// What was wrong.
        why: std::io::Error,
    },
    /// What a service config says makes no sense.
    #[error("{}", mistakes(.path, .errors))]
    ServiceConfig {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        errors: ServiceConfigErrors,
    },
    /// The answer could not be written.
    #[error("error: cannot write the answer: {0}")]
    Output(std::io::Error),
    /// A rule that there is not.
    #[error("error: there is no rule `{name}`{}\nhelp: `cargo couplet explain` lists all rules", similar(.near))]
    NoRule {
        /// What was asked for.
        name: String,
        /// The rule with the most similar name.
        near: Option<&'static str>,
    },
}

/// A line for each mistake.
fn mistakes(path: &Path, errors: &ServiceConfigErrors) -> String {
    let text = errors.to_string();
    let lines = text
        .lines()
        .map(|line| format!("error: {}: {line}", path.display()));
    lines.collect::<Vec<_>>().join("\n")
}

fn similar(near: &Option<&'static str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
