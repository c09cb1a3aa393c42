//! Everything that is wrong with a contract, as text that is ready to be shown.

use std::fmt;

/// All mistakes of one phase, each with file, line, column, source line and help.
///
/// `Display` shows all of them. A build script prints them with [`tell_cargo`](Self::tell_cargo).
#[derive(Clone, PartialEq, Eq)]
pub struct Errors(pub(super) Vec<String>);

impl Errors {
    pub(crate) fn one(text: impl Into<String>) -> Self {
        Self(vec![format!("error: {}", text.into())])
    }

    /// Each mistake as text of several lines.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Prints each line as a `cargo::error`, which ends the build once the build script has ended.
    pub fn tell_cargo(&self) {
        directives("error", &self.0);
    }
}

/// Prints each line of the texts as a directive for cargo, which takes one line at a time.
#[expect(
    clippy::print_stdout,
    reason = "this is how a build script speaks to cargo"
)]
pub(super) fn directives(level: &str, texts: &[String]) {
    for line in texts.join("\n\n").lines() {
        println!("cargo::{level}={line}");
    }
}

impl From<Vec<String>> for Errors {
    /// Texts that are ready to be shown, each with its `error: `.
    fn from(texts: Vec<String>) -> Self {
        Self(texts)
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("\n\n"))
    }
}

impl fmt::Debug for Errors {
    /// The same as `Display`: a `main` that returns this shows `Debug`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\n{self}")
    }
}

impl std::error::Error for Errors {}
