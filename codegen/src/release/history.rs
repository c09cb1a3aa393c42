//! What `released/history.toml` holds: what was released, what it leaves behind, and what the team decided about it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use semver::Version;

use crate::compat::{Contract, OptionRule, Retired, Terms};
use crate::derived::{Derived, Histories};

/// What `released/history.toml` holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// What the team decided.
    pub settings: Settings,
    /// What a change of a foreign option asks for, by the option's full name.
    pub options: BTreeMap<String, OptionRule>,
    /// Every released service, by its full name.
    pub services: BTreeMap<String, Served>,
    /// Every release of every service.
    pub releases: Vec<Entry>,
    /// What was given up for ever, by the full name of its message or enum.
    pub retired: BTreeMap<String, RetiredEver>,
    /// The changes that were accepted though no version covers them.
    pub accepted: Vec<Accepted>,
    /// The breaks that no comparison sees.
    pub breaking: Vec<Breaking>,
}

/// What a team decided about the versions of its contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether the contract is also served as JSON. Default: yes.
    pub json: bool,
    /// Whether what only asks for a PATCH is insisted on: changed comments, declarations in other files, looser policies.
    /// Default: a warning.
    pub docs: Docs,
    /// The files to compile, seen from the folder of Cargo.toml; empty for all below `proto`.
    pub protos: Vec<PathBuf>,
    /// Where they import each other from; empty for `proto`.
    pub includes: Vec<PathBuf>,
}

/// What becomes of a change that asks for no more than a PATCH: of a comment, of the file something is declared in, of a
/// policy that gets looser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Docs {
    /// A PATCH has to be declared.
    Patch,
    /// The build says that a PATCH would be right, and goes on.
    #[default]
    Warn,
    /// Nothing.
    None,
}

/// What the releases of a service tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The last release.
    pub version: Version,
    /// The oldest release whose wire, and JSON where it is served, the last one still reads and writes.
    pub wire_since: Version,
    /// The release that brought each part, for what came after the first: methods by name, fields and enum values by
    /// full name.
    pub since: BTreeMap<String, Version>,
}

/// One release of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The full name of the service.
    pub service: String,
    /// Its version.
    pub version: Version,
    /// Twelve digits that stand for all of the released text: by them two releases of one version are told apart.
    pub text: String,
}

/// Numbers and names that a message or enum has given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetiredEver {
    /// Numbers, from and to.
    pub numbers: BTreeSet<(i32, i32)>,
    /// Names.
    pub names: BTreeSet<String>,
}

/// A change that was accepted though no version covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The twelve digits of the change.
    pub fingerprint: String,
    /// The rule that found it.
    pub rule: String,
    /// What changed, by its full name.
    pub subject: String,
    /// Why it was accepted.
    pub reason: String,
    /// The releases that took it in, such as `movies.v1.Movies 1.5.0`, none of them if the change went away before;
    /// `None` before that.
    pub released: Option<Vec<String>>,
}

/// A break that no comparison sees, such as another meaning of the same field: it asks for MAJOR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaking {
    /// The full name of the service.
    pub service: String,
    /// What breaks, in the team's own words.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// The release that took it in; `None` before that.
    pub released: Option<Vec<String>>,
}

// === History ===

impl History {
    /// What generated code is told of each service.
    pub fn histories(&self) -> Histories {
        let first = |name: &String| {
            let releases = self.releases.iter();
            let of_service = releases.filter(|release| release.service == *name);
            of_service.map(|release| release.version.clone()).min()
        };
        let derived = |name: &String, served: &Served| Derived {
            first: first(name),
            released: Some(served.version.clone()),
            wire_since: Some(served.wire_since.clone()),
            since: served.since.clone(),
        };
        let services = self.services.iter();
        services
            .map(|(name, served)| (name.clone(), derived(name, served)))
            .collect()
    }

    /// What a comparison with `new` is told.
    pub fn terms(&self, new: &Contract) -> Terms {
        Terms {
            json: self.settings.json,
            retired: self.retired_in(new),
            options: self.options.clone(),
            ..Terms::default()
        }
    }

    /// The change with this fingerprint was accepted and is in no release yet: why.
    pub fn accepted(&self, fingerprint: &str) -> Option<&str> {
        let mut open = self
            .accepted
            .iter()
            .filter(|entry| entry.released.is_none());
        let found = open.find(|entry| entry.fingerprint == fingerprint)?;
        Some(&found.reason)
    }

    /// The breaks of a service that no comparison sees and no release has taken in.
    pub fn breaking(&self, service: &str) -> impl Iterator<Item = &Breaking> {
        let open = self
            .breaking
            .iter()
            .filter(|entry| entry.released.is_none());
        open.filter(move |entry| entry.service == service)
    }

    /// What was retired, and of the numbers those that `new` uses: a reserved range may have half a billion.
    fn retired_in(&self, new: &Contract) -> BTreeMap<String, Retired> {
        let retired = self.retired.iter().map(|(name, ever)| {
            let used = |number: &i32| {
                ever.numbers
                    .iter()
                    .any(|(from, to)| (from..=to).contains(&number))
            };
            let numbers = numbers_of(new, name).into_iter().filter(used).collect();
            let names = ever.names.clone();
            (name.clone(), Retired { numbers, names })
        });
        retired.collect()
    }
}

/// The numbers of a message's fields or of an enum's values.
fn numbers_of(contract: &Contract, name: &str) -> Vec<i32> {
    let pool = contract.pool();
    if let Some(message) = pool.get_message_by_name(name) {
        let fields = message.fields().map(|field| field.number());
        return fields
            .filter_map(|number| i32::try_from(number).ok())
            .collect();
    }
    match pool.get_enum_by_name(name) {
        Some(choice) => choice.values().map(|value| value.number()).collect(),
        None => Vec::new(),
    }
}

// === Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            json: true,
            docs: Docs::default(),
            protos: Vec::new(),
            includes: Vec::new(),
        }
    }
}

// === RetiredEver ===

impl RetiredEver {
    /// Retires a number.
    pub fn number(&mut self, number: i32) {
        self.range(number..=number);
    }

    /// Retires a range of numbers, unless one range holds it already.
    pub fn range(&mut self, range: RangeInclusive<i32>) {
        let (from, to) = range.into_inner();
        let known = |(start, end): &(i32, i32)| *start <= from && to <= *end;
        if from <= to && !self.numbers.iter().any(known) {
            self.numbers.insert((from, to));
        }
    }
}
