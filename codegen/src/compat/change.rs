//! One change between two releases of a contract, and how it is graded.

use std::ops::Range;

use super::beside::{self, Beside};
use super::effect::{Bump, Effect, Effects};
use super::rule::Rule;

/// One change between two releases of a contract.
#[derive(Debug, Clone)]
pub struct Change {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// What changed, by the full name that it had: `acme.v1.Book.pages`, or `acme.v1.Books/Get` for a method. Of what is
    /// new, the one that it has.
    pub subject: String,
    /// What happened to it, in one line.
    pub message: String,
    /// Why that is graded as it is, in a few words.
    pub note: String,
    /// What has the same purpose and breaks nobody, where there is such a thing.
    pub instead: Option<String>,
    /// What it takes to keep a field beside the one that took its place, where that is what could be done instead.
    pub beside: Option<Beside>,
    /// The effect on each surface.
    pub effects: Effects,
    /// What it asks of the version.
    pub bump: Bump,
    /// Where it is in the old text; not for what is new.
    pub old: Option<Location>,
    /// Where it is in the new text; not for what is gone.
    pub new: Option<Location>,
    /// What its version is: that of the services that reach it, or of its package.
    pub scope: Scope,
    /// Names it across builds: twelve hexadecimal digits of rule, subject and message.
    pub fingerprint: String,
}

/// Whose version a change belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// These services reach what changed; at least one, each by its full name.
    Services(Vec<String>),
    /// No service reaches it: that of this package.
    Package(String),
}

/// A place in the text of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The name by which the file is imported.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// The bytes of the file.
    pub range: Range<usize>,
}

/// What a change belongs to, before it is known which services reach that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// A service and its methods.
    Service(String),
    /// A message or enum, by its full name, and the package it stands in.
    Type(String, String),
    /// A package.
    Package(String),
    /// Everything in a file, or in several of one package.
    All(Vec<Owner>, String),
}

/// A declaration, or a part of one: the name of its file and the path of the descriptor's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) file: String,
    pub(super) path: Vec<i32>,
}

/// A change as its rule found it.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) rule: &'static Rule,
    pub(super) owner: Owner,
    pub(super) subject: String,
    pub(super) message: String,
    pub(super) note: String,
    pub(super) instead: Option<String>,
    pub(super) beside: Option<beside::Draft>,
    pub(super) effects: Effects,
    /// What it asks for whatever its effects are.
    pub(super) fixed: Option<Bump>,
    pub(super) old: Option<Site>,
    pub(super) new: Option<Site>,
}

// === Draft ===

impl Draft {
    pub(super) fn new(
        rule: &'static Rule,
        owner: Owner,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            owner,
            subject: subject.into(),
            message: message.into(),
            note: String::new(),
            instead: None,
            beside: None,
            effects: Effects::NONE,
            fixed: None,
            old: None,
            new: None,
        }
    }

    /// On source, wire and JSON.
    pub(super) fn effects(mut self, source: Effect, wire: Effect, json: Effect) -> Self {
        self.effects = Effects::new(source, wire, json);
        self
    }

    /// Asks for this bump, whatever the effects are.
    pub(super) fn bump(mut self, bump: Bump) -> Self {
        self.fixed = Some(bump);
        self
    }

    pub(super) fn old(mut self, site: Site) -> Self {
        self.old = Some(site);
        self
    }

    pub(super) fn new_site(mut self, site: Site) -> Self {
        self.new = Some(site);
        self
    }

    /// Why it is graded so.
    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// What it takes to keep the old field beside the new one.
    pub(super) fn beside(mut self, beside: Option<beside::Draft>) -> Self {
        self.beside = beside;
        self
    }

    /// What would break nobody.
    pub(super) fn instead(mut self, instead: impl Into<String>) -> Self {
        self.instead = Some(instead.into());
        self
    }
}

// === Site ===

impl Site {
    pub(super) fn new(file: &str, path: &[i32]) -> Self {
        Self {
            file: file.to_owned(),
            path: path.to_vec(),
        }
    }

    /// A part of it, such as the type of a field.
    pub(super) fn part(mut self, path: &[i32]) -> Self {
        self.path.extend_from_slice(path);
        self
    }
}

/// The twelve digits by which a change is accepted: FNV-1a, 64 bits of which the upper 48 are shown. It depends on
/// nothing that an unrelated edit moves.
pub(super) fn fingerprint(parts: [&str; 3]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{:012x}", hash >> 16)
}
