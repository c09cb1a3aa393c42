//! What is wrong, or doubtful, in a contract: found by the front ends and by `check`, shown by the front ends.
//!
//! A finding names a [`Place`], never a file or a token: each front end keeps the table that says
//! where its places are (a range of a `.proto` file, or the span of a token).

/// Somewhere in the source of a contract; an index into the front end's own table of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(pub u32);

/// Whether a finding stops the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Code is generated, and the author is told.
    Warning,
}

/// One thing that is wrong or doubtful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it stops the build.
    pub severity: Severity,
    /// Where it is.
    pub place: Place,
    /// What is wrong, in one line.
    pub title: String,
    /// A few words right below the place.
    pub label: Option<String>,
    /// Other places that have to do with it, each with a few words.
    pub related: Vec<(Place, String)>,
    /// What would be right.
    pub help: Option<String>,
}

/// All that was found, in the order of its discovery and each thing once.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

// === Finding ===

impl Finding {
    /// A mistake.
    pub fn error(place: Place, title: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place,
            title: title.into(),
            label: None,
            related: Vec::new(),
            help: None,
        }
    }

    /// Something doubtful.
    pub fn warning(place: Place, title: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(place, title)
        }
    }

    /// Whether it stops the build.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The same with a few words below the place.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self {
            label: Some(label.into()),
            ..self
        }
    }

    /// The same with another place that has to do with it.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }

    /// The same with what would be right.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }
}

// === Findings ===

impl Findings {
    /// Adds a finding, unless the same is known: a default of a service is checked once a method.
    pub fn add(&mut self, finding: Finding) {
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    /// Whether any of them stops the build.
    pub fn stop_the_build(&self) -> bool {
        self.0.iter().any(Finding::is_error)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        for finding in findings {
            self.add(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Finding, Findings, Place};

    #[test]
    fn says_the_same_thing_once() {
        let mut findings = Findings::default();
        findings.add(Finding::warning(Place(1), "doubtful"));
        findings.add(Finding::warning(Place(1), "doubtful"));
        findings.add(Finding::warning(Place(2), "doubtful"));

        assert_eq!(findings.iter().count(), 2);
        assert!(!findings.stop_the_build());
    }

    #[test]
    fn one_mistake_stops_the_build() {
        let mut findings = Findings::default();
        findings.add(Finding::warning(Place(1), "doubtful"));
        findings.add(Finding::error(Place(1), "wrong"));
        assert!(findings.stop_the_build());
    }
}
