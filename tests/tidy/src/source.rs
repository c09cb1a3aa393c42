//! What the rules look at: the files of this repository, and the lines of code in them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One text file of the repository.
pub(crate) struct Source {
    /// Its path from the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every text file that is in the repository, or would be with the next commit.
pub(crate) fn all() -> Vec<Source> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files of a clone");
    assert!(
        listed.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let sources: Vec<Source> = String::from_utf8_lossy(&listed.stdout)
        .lines()
        // A file that is deleted, or no text, has no lines to look at.
        .filter_map(|path| {
            Some(Source {
                path: path.to_owned(),
                text: std::fs::read_to_string(root().join(path)).ok()?,
            })
        })
        .collect();
    assert!(
        sources.iter().any(|source| source.path == "Cargo.toml"),
        "these are not the files of the workspace"
    );
    sources
}

/// The Rust files that people write: golden output and the inputs of UI tests follow rules of their own.
pub(crate) fn rust() -> Vec<Source> {
    let mut sources = all();
    sources.retain(|source| source.path.ends_with(".rs") && !source.is_fixture());
    sources
}

/// Fails with every place that breaks a rule, or says nothing.
#[track_caller]
pub(crate) fn assert_none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

// === Source ===

impl Source {
    fn is_fixture(&self) -> bool {
        ["/golden/", "/ui/", "/fixtures/"]
            .iter()
            .any(|folder| self.path.contains(folder))
    }

    /// Whether it stands in one of these folders, or is one of these files.
    pub(crate) fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }

    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// Its lines of code with their numbers: without comments, and without unit tests.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = if self.is_test() { "" } else { &self.text };
        text.lines()
            .zip(1..)
            .take_while(|(line, _)| !(line.starts_with("#[cfg(") && line.contains("test")))
            .map(|(line, number)| (number, line.split(" // ").next().unwrap_or(line)))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// How a place in it is written so that editors jump there.
    pub(crate) fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {}", self.path, what.trim())
    }
}
