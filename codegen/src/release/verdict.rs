//! What a comparison comes to: what becomes of each change, and where each version stands.

use std::ops::Range;

use semver::Version;

use crate::compat::{Bump, Change};

/// What a contract says of the version of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The full name of the service.
    pub service: String,
    /// Its version; `None` where the contract names none.
    pub version: Option<Version>,
    /// The file, by the name it is imported by, and the bytes of the version in it, or else of the service's name.
    pub at: Option<(String, Range<usize>)>,
}

/// What two contracts and a history come to.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Every change and what becomes of it, the gravest first.
    pub changes: Vec<Judged>,
    /// Every service that is declared or was released, by name.
    pub services: Vec<Standing>,
}

/// A change and what becomes of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The change.
    pub change: Change,
    /// What becomes of it.
    pub answer: Answer,
}

/// What becomes of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Each version that has to covers it; or none has to.
    Covered,
    /// The team has accepted it, for this reason.
    Accepted(String),
    /// No version covers it, and by the team's settings none has to.
    Excused,
    /// These versions do not cover it.
    Uncovered(Vec<Demand>),
    /// No service is left in this package whose version could.
    Orphaned(String),
    /// This package never had a service: there is no version that could.
    Unversioned(String),
}

/// What a change asks of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The full name of the service.
    pub service: String,
    /// The version that does not cover the change.
    pub declared: Version,
    /// The least one that does.
    pub needed: Version,
}

/// Where the version of a service stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The full name of the service.
    pub service: String,
    /// What the contract declares.
    pub declared: Option<Version>,
    /// The last release.
    pub released: Option<Version>,
    /// The worst change that is not accepted; NONE for what was never released.
    pub required: Bump,
    /// The least version that covers it: the released one where nothing is required.
    pub needed: Option<Version>,
    /// How many changes there are in its scope, accepted ones too.
    pub changes: Tally,
    /// How many of these are accepted.
    pub accepted: usize,
    /// The breaks that no comparison sees: what breaks, and why.
    pub breaking: Vec<(String, String)>,
    /// What is wrong with the version itself.
    pub fault: Option<Fault>,
}

/// What is wrong with a version, whatever changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is below the released one.
    Backwards,
    /// The service was released and now declares none.
    Missing,
    /// It is below what the changes need.
    Short,
    /// It has lower parts that should be zero; this would be right. A warning.
    NotReset(Version),
}

/// A number of changes by what they ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that ask for MAJOR.
    pub major: usize,
    /// Those that ask for MINOR.
    pub minor: usize,
    /// Those that ask for PATCH.
    pub patch: usize,
}

// === Verdict ===

impl Verdict {
    /// The changes that no version covers and that nobody has accepted.
    pub fn uncovered(&self) -> impl Iterator<Item = &Judged> {
        let open =
            |judged: &&Judged| matches!(judged.answer, Answer::Uncovered(_) | Answer::Orphaned(_));
        self.changes.iter().filter(open)
    }

    /// Whether a build may go on.
    pub fn passes(&self) -> bool {
        let fine = |standing: &Standing| matches!(standing.fault, None | Some(Fault::NotReset(_)));
        self.uncovered().next().is_none() && self.services.iter().all(fine)
    }

    /// Where the version of a service stands.
    pub fn standing(&self, service: &str) -> Option<&Standing> {
        self.services
            .iter()
            .find(|standing| standing.service == service)
    }
}

// === Standing ===

impl Standing {
    /// What there is for its version to cover, such as `2 major changes (1 accepted) and 1 break declared by hand`.
    pub fn changed(&self) -> String {
        let accepted = match self.accepted {
            0 => String::new(),
            count => format!(" ({count} accepted)"),
        };
        let compared = format!("{}{accepted}", self.changes);
        let by_hand = match self.breaking.len() {
            0 => return compared,
            1 => "1 break declared by hand".to_owned(),
            count => format!("{count} breaks declared by hand"),
        };
        match self.changes == Tally::default() {
            true => by_hand,
            false => format!("{compared} and {by_hand}"),
        }
    }
}

// === Tally ===

impl Tally {
    /// Counts bumps.
    pub fn of(bumps: impl Iterator<Item = Bump>) -> Self {
        let mut tally = Self::default();
        for bump in bumps {
            match bump {
                Bump::None => {}
                Bump::Patch => tally.patch += 1,
                Bump::Minor => tally.minor += 1,
                Bump::Major => tally.major += 1,
            }
        }
        tally
    }
}

impl std::fmt::Display for Tally {
    /// Such as `1 major, 2 minor, 1 patch change`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            (self.major, "major"),
            (self.minor, "minor"),
            (self.patch, "patch"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts.collect();
        let last = parts.last().map_or(0, |(count, _)| *count);
        let words = parts.iter().map(|(count, word)| format!("{count} {word}"));
        let words: Vec<_> = words.collect();
        match last {
            0 => formatter.write_str("no change"),
            1 => write!(formatter, "{} change", words.join(", ")),
            _ => write!(formatter, "{} changes", words.join(", ")),
        }
    }
}
