//! What no single entry of a history can tell: releases of one version, versions that went backwards.

use std::collections::BTreeSet;

use semver::Version;

use super::values::{At, Reader};
use crate::release::history::History;
use crate::release::restore;

impl Reader<'_> {
    /// What no single entry can tell.
    pub(super) fn consistent(&mut self, history: &History) {
        let mut seen: BTreeSet<(&str, &Version)> = BTreeSet::new();
        for entry in &history.releases {
            if !seen.insert((&entry.service, &entry.version)) {
                let at = last(self.text, &entry.service, &entry.version);
                let title = format!("{} {} was released twice", entry.service, entry.version);
                let help = format!(
                    "two branches have both released it: {}",
                    restore::merged_at(self.path)
                );
                self.wrong(at, &title, &help);
            }
        }
        self.breaks(history);
        for (service, served) in &history.services {
            let releases = history
                .releases
                .iter()
                .filter(|entry| entry.service == *service);
            let highest = releases.max_by(|one, other| one.version.cmp_precedence(&other.version));
            let at = self.text.find(&format!("[service.\"{service}\"]"));
            let at = at.map(|at| at..at + service.len() + 12);
            match highest {
                Some(entry) if entry.version > served.version => {
                    let title = format!(
                        "the version of {service} went backwards: {} was released, and this says {}",
                        entry.version, served.version
                    );
                    let help = format!(
                        "two branches have both released: {}",
                        restore::merged_at(self.path)
                    );
                    self.wrong(at, &title, &help);
                }
                Some(entry) if entry.version == served.version => {}
                _ => {
                    let title = format!(
                        "{service} {} is no `[[release]]` of this file",
                        served.version
                    );
                    self.wrong(
                        at,
                        &title,
                        "take the last commit's: `git checkout released/history.toml`",
                    );
                }
            }
        }
    }

    /// A break of nobody would ask nobody for a version.
    fn breaks(&mut self, history: &History) {
        let open = history.breaking.iter().filter(|it| it.released.is_none());
        for entry in open.filter(|it| !history.services.contains_key(&it.service)) {
            let table = self.text.find("[[breaking]]").unwrap_or_default();
            let line = format!("service = {:?}", entry.service);
            let at = self.text[table..].find(&line).map(|at| table + at);
            let title = format!(
                "{} was never released, so nothing of it breaks",
                entry.service
            );
            let known: Vec<_> = history.services.keys().map(String::as_str).collect();
            let help = match known.is_empty() {
                true => "nothing was released yet: remove the entry".to_owned(),
                false => format!("released: {}", known.join(", ")),
            };
            self.wrong(at.map(|at| at..at + line.len()), &title, &help);
        }
    }
}

/// The last entry of a version of a service, which is the one too many.
fn last(text: &str, service: &str, version: &Version) -> At {
    let service = format!("service = {service:?}\nversion = \"{version}\"");
    let start = text.rfind(&service)?;
    let start = start + service.find('\n')? + 1;
    Some(start..start + format!("version = \"{version}\"").len())
}
