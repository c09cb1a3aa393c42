//! From the text of `history.toml` to a [`History`], with every mistake in it at its line.
//!
//! The file is merged by version control and edited by people, so whatever stands in it is an error with a way out and
//! never a guess.

mod consistent;
mod values;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use semver::Version;
use toml_edit::{Document, Item, Key, TableLike, Value};

use self::values::{At, Reader};

use super::history::{Accepted, Breaking, Docs, Entry, History, RetiredEver, Served, Settings};
use crate::compat::{Bump, OptionRule};
use crate::proto::Errors;
use crate::release::restore;

/// The format that this couplet writes, and the only one that it reads.
pub(super) const FORMAT: i64 = 1;

/// Reads the text of `path`, which is only named in errors.
///
/// # Errors
/// All that is wrong in it.
pub(super) fn history(path: &Path, text: &str) -> Result<History, Errors> {
    let mut reader = Reader::new(path, text);
    let history = reader.history();
    match (history, reader.errors) {
        (Some(history), errors) if errors.is_empty() => Ok(history),
        (_, errors) => Err(Errors::from(errors)),
    }
}

impl Reader<'_> {
    fn history(&mut self) -> Option<History> {
        if let Some(start) = conflict(self.text) {
            let help = restore::merged_at(self.path);
            self.wrong(
                Some(start),
                "two branches have both released: this file has conflict markers",
                &help,
            );
            return None;
        }
        let document = match Document::parse(self.text) {
            Ok(document) => document,
            Err(error) if error.message().starts_with("duplicate key") => {
                let title = "two branches have both released: this file has parts of both";
                self.wrong(error.span(), title, &restore::merged_at(self.path));
                return None;
            }
            Err(error) => {
                let title = format!("this is not TOML: {}", error.message());
                self.wrong(
                    error.span(),
                    &title,
                    "mend it, or take the last commit's: `git checkout released/history.toml`",
                );
                return None;
            }
        };
        let root = document.as_table();
        self.format(root)?;
        let mut history = History::default();
        for (name, item) in root.iter() {
            let at = root.key(name).and_then(Key::span);
            match name {
                "format" => {}
                "settings" => history.settings = self.settings(item),
                "options" => history.options = self.each(item, Self::option),
                "service" => history.services = self.each(item, Self::service),
                "retired" => history.retired = self.each(item, Self::retired),
                "release" => history.releases = self.list(item, Self::release),
                "accepted" => history.accepted = self.list(item, Self::accepted),
                "breaking" => history.breaking = self.list(item, Self::breaking),
                _ => self.unknown(
                    at,
                    name,
                    "format, settings, options, service, retired, release, accepted, breaking",
                ),
            }
        }
        if self.errors.is_empty() {
            self.consistent(&history);
        }
        Some(history)
    }

    fn format(&mut self, root: &dyn TableLike) -> Option<()> {
        let item = root.get("format");
        let at = item.and_then(Item::span);
        match item.and_then(Item::as_integer) {
            Some(FORMAT) => Some(()),
            Some(other) if other > FORMAT => {
                let title = format!(
                    "format {other} is newer than this couplet, which reads format {FORMAT}"
                );
                self.wrong(
                    at,
                    &title,
                    "update `couplet-codegen` and `cargo-couplet` to what wrote it",
                );
                None
            }
            _ => {
                self.wrong(
                    at,
                    "the format of this file is not named",
                    "write `format = 1` in its first line, or take \
                            the last commit's: `git checkout released/history.toml`",
                );
                None
            }
        }
    }

    fn settings(&mut self, item: &Item) -> Settings {
        let mut settings = Settings::default();
        for (name, at, item) in self.table(item) {
            match name.as_str() {
                "json" => settings.json = self.boolean(&item).unwrap_or(true),
                "docs" => settings.docs = self.docs(&item),
                "protos" => settings.protos = self.paths(&item),
                "includes" => settings.includes = self.paths(&item),
                _ => self.unknown(at, &name, "json, docs, protos, includes"),
            }
        }
        settings
    }

    fn docs(&mut self, item: &Item) -> Docs {
        match item.as_str() {
            Some("patch") => Docs::Patch,
            Some("warn") => Docs::Warn,
            Some("none") => Docs::None,
            _ => {
                self.wrong(
                    item.span(),
                    "`docs` is one of three words",
                    "write \"patch\", \"warn\" or \"none\"",
                );
                Docs::default()
            }
        }
    }

    fn option(&mut self, item: &Item) -> OptionRule {
        let mut rule = OptionRule::default();
        for (name, at, item) in self.table(item) {
            match name.as_str() {
                "added" => rule.added = self.bump(&item),
                "removed" => rule.removed = self.bump(&item),
                "changed" => rule.changed = self.bump(&item),
                _ => self.unknown(at, &name, "added, removed, changed"),
            }
        }
        rule
    }

    fn bump(&mut self, item: &Item) -> Bump {
        match item.as_str() {
            Some("none") => Bump::None,
            Some("patch") => Bump::Patch,
            Some("minor") => Bump::Minor,
            Some("major") => Bump::Major,
            _ => {
                self.wrong(
                    item.span(),
                    "this is no part of a version",
                    "write \"major\", \"minor\", \"patch\" or \"none\"",
                );
                Bump::None
            }
        }
    }

    fn service(&mut self, item: &Item) -> Served {
        let mut version = None;
        let mut wire_since = None;
        let mut since = BTreeMap::new();
        for (name, at, item) in self.table(item) {
            match name.as_str() {
                "version" => version = self.version(&item),
                "wire_since" => wire_since = self.version(&item),
                "since" => since = self.each(&item, Self::released),
                _ => self.unknown(at, &name, "version, wire_since, since"),
            }
        }
        let version = self.needed(item, "version", version);
        let is_above = |since: &Version| *since > version && self.errors.is_empty();
        if wire_since.as_ref().is_some_and(is_above) {
            self.wrong(
                item.span(),
                "`wire_since` is above the version",
                "it is the oldest release that still fits",
            );
        }
        Served {
            wire_since: wire_since.unwrap_or_else(|| version.clone()),
            version,
            since,
        }
    }

    fn released(&mut self, item: &Item) -> Version {
        let version = self.version(item);
        version.unwrap_or(Version::new(0, 0, 0))
    }

    fn retired(&mut self, item: &Item) -> RetiredEver {
        let mut retired = RetiredEver::default();
        for (name, at, item) in self.table(item) {
            match name.as_str() {
                "numbers" => self.elements(&item, |reader, value| match range(value) {
                    Some(range) => retired.range(range),
                    None => {
                        reader.wrong(value.span(), "this is no number", "write 7 or \"7 to 9\"")
                    }
                }),
                "names" => self.elements(&item, |reader, value| match value.as_str() {
                    Some(name) => drop(retired.names.insert(name.to_owned())),
                    None => {
                        reader.wrong(value.span(), "this is no name", "write it between quotes")
                    }
                }),
                _ => self.unknown(at, &name, "numbers, names"),
            }
        }
        retired
    }

    fn release(&mut self, item: &Item) -> Entry {
        let mut entry = Record::default();
        self.record(item, &mut entry, "service, version, text");
        Entry {
            version: self.needed(item, "version", entry.version),
            service: self.needed(item, "service", entry.service),
            text: entry.text.unwrap_or_default(),
        }
    }

    fn accepted(&mut self, item: &Item) -> Accepted {
        let mut entry = Record::default();
        self.record(
            item,
            &mut entry,
            "fingerprint, rule, subject, reason, released",
        );
        Accepted {
            fingerprint: self.needed(item, "fingerprint", entry.fingerprint),
            rule: entry.rule.unwrap_or_default(),
            subject: entry.subject.unwrap_or_default(),
            reason: self.needed(item, "reason", entry.reason),
            released: entry.released,
        }
    }

    fn breaking(&mut self, item: &Item) -> Breaking {
        let mut entry = Record::default();
        self.record(item, &mut entry, "service, subject, reason, released");
        Breaking {
            service: self.needed(item, "service", entry.service),
            subject: self.needed(item, "subject", entry.subject),
            reason: self.needed(item, "reason", entry.reason),
            released: entry.released,
        }
    }

    /// Reads those keys of an entry that are `known`.
    fn record(&mut self, item: &Item, record: &mut Record, known: &str) {
        for (name, at, item) in self.table(item) {
            if !known.split(", ").any(|key| key == name) {
                self.unknown(at, &name, known);
                continue;
            }
            match name.as_str() {
                "version" => record.version = self.version(&item),
                "service" => record.service = self.string(&item),
                "text" => record.text = self.string(&item),
                "fingerprint" => record.fingerprint = self.string(&item),
                "rule" => record.rule = self.string(&item),
                "subject" => record.subject = self.string(&item),
                "reason" => record.reason = self.string(&item),
                _ => {
                    let mut all = Vec::new();
                    self.elements(&item, |_, value| {
                        all.extend(value.as_str().map(str::to_owned))
                    });
                    record.released = Some(all);
                }
            }
        }
    }
}

/// The keys that any entry of a list may have.
#[derive(Default)]
struct Record {
    service: Option<String>,
    version: Option<Version>,
    text: Option<String>,
    fingerprint: Option<String>,
    rule: Option<String>,
    subject: Option<String>,
    reason: Option<String>,
    released: Option<Vec<String>>,
}

/// Where version control has left two sides for people to choose from.
fn conflict(text: &str) -> At {
    let marker = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if marker(line) {
            return Some(start..start + line.trim_end().len());
        }
        start += line.len();
    }
    None
}

/// `7` or `"7 to 9"`.
fn range(value: &Value) -> Option<RangeInclusive<i32>> {
    if let Some(number) = value.as_integer() {
        let number = i32::try_from(number).ok()?;
        return Some(number..=number);
    }
    let (from, to) = value.as_str()?.split_once(" to ")?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from <= to).then_some(from..=to)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::history;

    const TEXT: &str = r#"format = 1

[settings]
json = false
docs = "patch"

[options."acme.auth.scope"]
added = "major"

[service."acme.v1.Books"]
version = "1.5.0"
wire_since = "1.4.2"

[service."acme.v1.Books".since]
Archive = "1.5.0"

[[release]]
service = "acme.v1.Books"
version = "1.5.0"
text = "6a982ca8adbb"

[retired."acme.v1.Book"]
numbers = [3, "7 to 9"]
names = ["isbn"]

[[accepted]]
fingerprint = "d9ca56319e7c"
reason = "nobody reads it"
released = []
"#;

    #[test]
    fn a_text_that_was_cut_or_torn_is_an_error_and_no_panic() {
        let path = Path::new("released/history.toml");
        assert!(history(path, TEXT).is_ok());
        let mut wrong = 0;
        for at in 0..TEXT.len() {
            let cut = &TEXT[..at];
            let torn = [cut, &TEXT[at + 1..]].concat();
            let struck = [cut, "\u{e9}", &TEXT[at + 1..]].concat();
            for text in [cut, &torn, &struck] {
                wrong += usize::from(history(path, text).is_err());
            }
        }
        assert!(wrong > TEXT.len(), "only {wrong} of them were wrong");
    }
}
