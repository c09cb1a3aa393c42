//! From a [`History`] back to the text of `history.toml`, without touching what people wrote into it.
//!
//! One entry stands on one line and everything is sorted, so that version control can merge what two branches add.

use std::collections::BTreeMap;

use semver::Version;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TomlError, Value, value};

use super::history::{Accepted, Entry, History, RetiredEver, Served};
use super::read::FORMAT;

const HEADER: &str = "\
# What was released of this contract. `cargo couplet release` and `cargo couplet accept` write it, the build reads it,
# version control keeps and merges it. Yours to edit: [settings], [options], [[breaking]], and every reason.

";

/// The text of a history that has nothing in it yet.
pub(super) fn empty() -> String {
    format!("{HEADER}format = {FORMAT}\n")
}

/// `text` with the entries of `history` in the place of its own; comments, order and settings stay.
///
/// # Errors
/// If the text is not TOML.
pub(super) fn history(text: &str, history: &History) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let root = document.as_table_mut();
    services(root, &history.services);
    retired(root, &history.retired);
    releases(root, &history.releases);
    accepted(root, history);
    stamped(root, "breaking", |index| {
        history.breaking.get(index)?.released.as_deref()
    });
    Ok(document.to_string())
}

/// `text` with what a project compiles, where that is not all below `proto`.
///
/// # Errors
/// If the text is not TOML.
pub(super) fn sources(
    text: &str,
    protos: &[String],
    includes: &[String],
) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let settings = table(document.as_table_mut(), "settings");
    for (name, paths) in [("protos", protos), ("includes", includes)] {
        settings.insert(name, lines(paths.iter().map(Value::from)));
    }
    Ok(document.to_string())
}

fn services(root: &mut Table, services: &BTreeMap<String, Served>) {
    if services.is_empty() {
        return;
    }
    let all = group(root, "service");
    for (name, served) in services {
        let service = table(all, name);
        set(service, "version", &served.version);
        set(service, "wire_since", &served.wire_since);
        let empty = served.since.is_empty();
        if empty && !service.contains_key("since") {
            continue;
        }
        let since = table(service, "since");
        since.retain(|name, _| served.since.contains_key(name));
        for (name, version) in &served.since {
            set(since, name, version);
        }
        since.sort_values();
    }
    all.sort_values();
}

fn retired(root: &mut Table, retired: &BTreeMap<String, RetiredEver>) {
    let retired = retired.iter();
    let some = retired.filter(|(_, ever)| !ever.numbers.is_empty() || !ever.names.is_empty());
    let some: Vec<_> = some.collect();
    if some.is_empty() {
        return;
    }
    let all = group(root, "retired");
    for (name, ever) in some {
        let retired = table(all, name);
        let numbers = ever.numbers.iter().map(|(from, to)| match from == to {
            true => Value::from(i64::from(*from)),
            false => Value::from(format!("{from} to {to}")),
        });
        if !ever.numbers.is_empty() {
            retired.insert("numbers", lines(numbers));
        }
        if !ever.names.is_empty() {
            retired.insert("names", lines(ever.names.iter().map(Value::from)));
        }
    }
    all.sort_values();
}

fn releases(root: &mut Table, releases: &[Entry]) {
    let entries = list(root, "release");
    for entry in releases.iter().skip(entries.len()) {
        let mut table = Table::new();
        table.insert("service", value(&entry.service));
        table.insert("version", value(entry.version.to_string()));
        table.insert("text", value(&entry.text));
        entries.push(table);
    }
}

fn accepted(root: &mut Table, history: &History) {
    stamped(root, "accepted", |index| {
        history.accepted.get(index)?.released.as_deref()
    });
    if history.accepted.is_empty() {
        return;
    }
    let entries = list(root, "accepted");
    for entry in history.accepted.iter().skip(entries.len()) {
        entries.push(accepted_entry(entry));
    }
}

fn accepted_entry(entry: &Accepted) -> Table {
    let mut table = Table::new();
    for (name, text) in [
        ("fingerprint", &entry.fingerprint),
        ("rule", &entry.rule),
        ("subject", &entry.subject),
        ("reason", &entry.reason),
    ] {
        table.insert(name, value(text));
    }
    table
}

/// Writes into each entry of a list which releases took it in.
fn stamped<'a>(root: &mut Table, name: &str, released: impl Fn(usize) -> Option<&'a [String]>) {
    let Some(entries) = root.get_mut(name).and_then(Item::as_array_of_tables_mut) else {
        return;
    };
    for (index, entry) in entries.iter_mut().enumerate() {
        if let Some(released) = released(index).filter(|_| !entry.contains_key("released")) {
            let array: Array = released.iter().map(String::as_str).collect();
            entry.insert("released", value(array));
        }
    }
}

// === Tables ===

/// A table that has only tables in it and no line of its own.
fn group<'a>(root: &'a mut Table, name: &str) -> &'a mut Table {
    let fresh = !root.contains_key(name);
    let group = table(root, name);
    if fresh {
        group.set_implicit(true);
    }
    group
}

fn table<'a>(parent: &'a mut Table, name: &str) -> &'a mut Table {
    let item = parent
        .entry(name)
        .or_insert_with(|| Item::Table(Table::new()));
    if !item.is_table() {
        // An inline table is the same to a reader.
        *item = match std::mem::take(item).into_table() {
            Ok(table) => Item::Table(table),
            Err(_) => Item::Table(Table::new()),
        };
    }
    item.as_table_mut().expect("it was made one")
}

fn list<'a>(root: &'a mut Table, name: &str) -> &'a mut ArrayOfTables {
    let item = root
        .entry(name)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if !item.is_array_of_tables() {
        *item = Item::ArrayOfTables(ArrayOfTables::new());
    }
    item.as_array_of_tables_mut().expect("it was made one")
}

/// Sets a version, unless it is that already: what stands beside it stays.
fn set(table: &mut Table, name: &str, version: &Version) {
    let text = version.to_string();
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(known) if known.as_str() == Some(&text) => {}
        Some(known) => {
            let decor = known.decor().clone();
            *known = Value::from(text);
            *known.decor_mut() = decor;
        }
        None => drop(table.insert(name, value(text))),
    }
}

/// A list with one element on a line.
fn lines(elements: impl Iterator<Item = Value>) -> Item {
    let mut array = Array::new();
    for mut element in elements {
        element.decor_mut().set_prefix("\n    ");
        array.push_formatted(element);
    }
    array.set_trailing("\n");
    array.set_trailing_comma(true);
    value(array)
}
