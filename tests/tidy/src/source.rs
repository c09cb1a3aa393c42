//! What the rules look at: the files of this repository, and the lines of code in them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One text file of the repository.
pub(crate) struct Source {
    /// Its path from the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Whether it is a module of unit tests.
    is_test: bool,
}

/// The root of the workspace: cargo runs tests in the folder of their package. Where it was built is no good, since a
/// target folder can serve several clones.
pub(crate) fn root() -> PathBuf {
    Path::new("../..").to_owned()
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
    let mut sources: Vec<Source> = String::from_utf8_lossy(&listed.stdout)
        .lines()
        // A file that is deleted, or no text, has no lines to look at.
        .filter_map(|path| {
            Some(Source {
                path: path.to_owned(),
                text: std::fs::read_to_string(root().join(path)).ok()?,
                is_test: false,
            })
        })
        .collect();
    assert!(
        sources.iter().any(|source| source.path == "Cargo.toml"),
        "these are not the files of the workspace"
    );
    let tests: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        let module = source.path.trim_end_matches(".rs");
        let below = |test: &String| {
            let rest = module.strip_prefix(test.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        source.is_test = source.path.contains("/tests/") || tests.iter().any(below);
    }
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

    /// Where the modules stand that it declares for tests only.
    fn test_modules(&self) -> Vec<String> {
        let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let folder = match file {
            "lib.rs" | "main.rs" | "mod.rs" => folder,
            _ => self.path.trim_end_matches(".rs"),
        };
        let names = self
            .for_tests()
            .filter_map(|(_, module)| module.strip_suffix(';'));
        names.map(|name| format!("{folder}/{name}")).collect()
    }

    /// What follows `mod` where that is for tests only, with the number of the line of its attribute.
    fn for_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        let attributes = self.text.lines().zip(1..);
        let attributes =
            attributes.filter(|(line, _)| line.starts_with("#[cfg(") && line.contains("test"));
        attributes.filter_map(|(_, number)| {
            // Further attributes may stand between, over several lines.
            let mut items = self.text.lines().skip(number);
            let item = items.find(|line| line.starts_with(char::is_alphabetic))?;
            let (_, module) = item.split_once("mod ")?;
            Some((number, module))
        })
    }

    /// Its lines of code with their numbers: without comments, and without unit tests.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = if self.is_test { "" } else { &self.text };
        let tests = self.for_tests().find(|(_, module)| module.ends_with('{'));
        let end = tests.map_or(usize::MAX, |(number, _)| number);
        text.lines()
            .zip(1..end)
            .map(|(line, number)| (number, line.split(" // ").next().unwrap_or(line)))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// How a place in it is written so that editors jump there.
    pub(crate) fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {}", self.path, what.trim())
    }
}
