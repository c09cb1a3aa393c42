//! How changes are shown: for people, for programs, for code scanning, for pull requests.

mod github;
mod json;
mod sarif;
mod text;

use couplet_codegen::compat::{Bump, Change, Contract, Effects, Scope};

use crate::arguments::Format;

/// Two states of one contract, and what changed between them.
#[derive(Debug)]
pub(crate) struct Compared<'a> {
    /// What changed, or as much of it as is to be shown.
    pub(crate) changes: Vec<Change>,
    /// The old state.
    pub(crate) old: &'a Contract,
    /// The new one.
    pub(crate) new: &'a Contract,
}

/// The changes of all contracts as text that is ready to be printed: for programs it is one document, however many there
/// are.
pub(crate) fn show(format: Format, all: &[Compared<'_>]) -> String {
    match format {
        Format::Text => all.iter().map(text::show).collect(),
        Format::Json => json::show(all),
        Format::Sarif => sarif::show(all),
        Format::Github => all.iter().map(github::show).collect(),
    }
}

/// The worst of each.
fn worst<'a>(changes: impl Iterator<Item = &'a Change>) -> (Bump, Effects) {
    let none = (Bump::None, Effects::NONE);
    changes.fold(none, |(bump, effects), change| {
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
fn place(change: &Change, compared: &Compared<'_>) -> Option<(String, usize, usize)> {
    let sides = [(&change.new, compared.new), (&change.old, compared.old)];
    let (location, contract) = sides
        .into_iter()
        .find_map(|(location, contract)| Some((location.as_ref()?, contract)))?;
    let (path, _) = contract.text(&location.file);
    Some((path, location.line, location.column))
}
