//! What follows from a release: since when each part is there, how far back the wire reaches, what may not come back.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, MessageDescriptor};
use semver::Version;

use super::Moved;
use crate::compat::{Contract, Effect, Reach, Scope};
use crate::release::check::Check;
use crate::release::history::{History, RetiredEver};
use crate::release::verdict::Standing;

/// What a release makes of a service whose version moves.
pub(super) fn moved(check: &Check, history: &History, standing: &Standing) -> Moved {
    let service = &standing.service;
    let to = standing.declared.clone().unwrap_or(Version::new(0, 0, 0));
    // What it was built from is no part of a version.
    let to = Version::new(to.major, to.minor, to.patch);
    // One that comes back after it was given up fits nobody of before: what it was is not in the released text.
    let went_on = |old: &Contract| old.pool().get_service_by_name(service).is_some();
    let went_on = check.old().is_some_and(went_on);
    let wire_since = match history.services.get(service) {
        Some(served) if went_on && !breaks_the_wire(check, standing) => served.wire_since.clone(),
        _ => to.clone(),
    };
    let brought = match (check.old(), &standing.released) {
        (Some(old), Some(_)) => {
            let was = parts(old, service);
            let is = parts(check.current(), service);
            is.difference(&was).cloned().collect()
        }
        _ => Vec::new(),
    };
    Moved {
        service: service.clone(),
        from: standing.released.clone(),
        wire_since,
        to,
        brought,
    }
}

/// Since when each part of a service is there that came after its first release.
pub(super) fn since(check: &Check, history: &History, moved: &Moved) -> BTreeMap<String, Version> {
    let known = history.services.get(&moved.service);
    let mut since = known.map(|served| served.since.clone()).unwrap_or_default();
    let parts = parts(check.current(), &moved.service);
    since.retain(|part, _| parts.contains(part));
    for part in &moved.brought {
        since.insert(part.clone(), moved.to.clone());
    }
    since
}

/// Whether a peer of the last release may misread this one, or be misread; a break that was declared by hand counts.
fn breaks_the_wire(check: &Check, standing: &Standing) -> bool {
    let concerns = |scope: &Scope| match scope {
        Scope::Services(services) => services.contains(&standing.service),
        Scope::Package(_) => false,
    };
    let mut changes = check.verdict().changes.iter().map(|judged| &judged.change);
    !standing.breaking.is_empty()
        || changes.any(|change| {
            concerns(&change.scope) && change.effects.wire.max(change.effects.json) >= Effect::Cond
        })
}

/// The methods of a service by name, and the fields and enum values that it reaches by full name.
fn parts(contract: &Contract, service: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    let pool = contract.pool();
    if let Some(service) = pool.get_service_by_name(service) {
        parts.extend(service.methods().map(|method| method.name().to_owned()));
    }
    let reach = Reach::of(&[contract]);
    let reached = |name: &str| reach.services(name).any(|known| known == service);
    for message in messages(contract).filter(|message| reached(message.full_name())) {
        parts.extend(message.fields().map(|field| field.full_name().to_owned()));
    }
    for choice in enums(contract).filter(|choice| reached(choice.full_name())) {
        let values = choice.values();
        parts.extend(values.map(|value| format!("{}.{}", choice.full_name(), value.name())));
    }
    parts
}

/// Adds what this release gives up, and what it reserves.
pub(super) fn retire(check: &Check, retired: &mut BTreeMap<String, RetiredEver>) {
    let new = check.current();
    for message in messages(new) {
        let ever = retired.entry(message.full_name().to_owned()).or_default();
        for range in message.reserved_ranges() {
            let (from, end) = (number(range.start), number(range.end));
            ever.range(from..=end.saturating_sub(1));
        }
        ever.names
            .extend(message.reserved_names().map(str::to_owned));
        let old = check
            .old()
            .and_then(|old| old.pool().get_message_by_name(message.full_name()));
        let gone = |message: &MessageDescriptor| -> Vec<(String, i32)> {
            let fields = message.fields();
            fields
                .map(|field| (field.name().to_owned(), number(field.number())))
                .collect()
        };
        give_up(
            ever,
            &old.as_ref().map(gone).unwrap_or_default(),
            &gone(&message),
        );
    }
    for choice in enums(new) {
        let ever = retired.entry(choice.full_name().to_owned()).or_default();
        for range in choice.reserved_ranges() {
            ever.range(range);
        }
        ever.names
            .extend(choice.reserved_names().map(str::to_owned));
        let old = check
            .old()
            .and_then(|old| old.pool().get_enum_by_name(choice.full_name()));
        let values = |choice: &EnumDescriptor| -> Vec<(String, i32)> {
            let values = choice.values();
            values
                .map(|value| (value.name().to_owned(), value.number()))
                .collect()
        };
        give_up(
            ever,
            &old.as_ref().map(values).unwrap_or_default(),
            &values(&choice),
        );
    }
    retired.retain(|_, ever| *ever != RetiredEver::default());
}

/// Retires each old name and each old number that the new side does not use.
fn give_up(ever: &mut RetiredEver, old: &[(String, i32)], new: &[(String, i32)]) {
    for (name, number) in old {
        if !new.iter().any(|(other, _)| other == name) {
            ever.names.insert(name.clone());
        }
        if !new.iter().any(|(_, other)| other == number) {
            ever.number(*number);
        }
    }
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The messages of a contract's own files, nested ones too, without the entries of maps.
fn messages(contract: &Contract) -> impl Iterator<Item = MessageDescriptor> + '_ {
    let own: BTreeSet<_> = contract
        .files()
        .map(|file| file.name().to_owned())
        .collect();
    let all = contract.pool().all_messages();
    all.filter(move |message| own.contains(message.parent_file().name()) && !message.is_map_entry())
}

/// The enums of a contract's own files, nested ones too.
fn enums(contract: &Contract) -> impl Iterator<Item = EnumDescriptor> + '_ {
    let own: BTreeSet<_> = contract
        .files()
        .map(|file| file.name().to_owned())
        .collect();
    let all = contract.pool().all_enums();
    all.filter(move |choice| own.contains(choice.parent_file().name()))
}
