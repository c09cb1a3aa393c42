//! How changes are shown: for people, for programs, for code scanning, for pull requests.

mod github;
mod json;
mod sarif;
mod text;

use couplet_codegen::compat::{Bump, Change, Contract, Effects, Scope};

use crate::arguments::Format;

/// The changes as text that is ready to be printed.
pub(crate) fn show(format: Format, changes: &[Change], old: &Contract, new: &Contract) -> String {
    match format {
        Format::Text => text::show(changes, old, new),
        Format::Json => json::show(changes),
        Format::Sarif => sarif::show(changes, old, new),
        Format::Github => github::show(changes, old, new),
    }
}

/// The worst of each.
fn worst(changes: &[Change]) -> (Bump, Effects) {
    let none = (Bump::None, Effects::NONE);
    changes.iter().fold(none, |(bump, effects), change| {
        (bump.max(change.bump), effects.worst(change.effects))
    })
}

/// Whose version a change belongs to, in words.
fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Services(names) => names.join(", "),
        Scope::Package(name) => format!("package {name}, reached by no service"),
    }
}

/// The path, line and column at which a change is best looked at: in the new text, in the old one if it is gone.
fn place(change: &Change, old: &Contract, new: &Contract) -> Option<(String, usize, usize)> {
    let sides = [(&change.new, new), (&change.old, old)];
    let (location, contract) = sides
        .into_iter()
        .find_map(|(location, contract)| Some((location.as_ref()?, contract)))?;
    let (path, _) = contract.text(&location.file);
    Some((path, location.line, location.column))
}
