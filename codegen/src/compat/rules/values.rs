//! The values of enums: added, removed, another name, another number, a second name for a number.
//!
//! A value is the one of its name, or else the one whose number has a new name. Of several names of a number the first
//! is the one that JSON is written with; every one can be read.

use std::collections::{HashMap, HashSet};

use prost_reflect::{EnumDescriptor, EnumValueDescriptor, Kind};

use super::reserved::Reuse;
use super::rust::variant;
use super::types::is_closed;
use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts};
use crate::compat::effect::Effect::{self, Cond, Major, Minor, None as Not};
use crate::compat::effect::{Bump, Effects};
use crate::compat::rule::{Family, Pair, Rule};
use crate::compat::terms::Profile;

pub(super) const FAMILY: Family = Family {
    rules: &[
        &ENUM_VALUE_ADDED,
        &ENUM_VALUE_REUSED,
        &ENUM_VALUE_REMOVED,
        &ENUM_VALUE_RENAMED,
        &ENUM_VALUE_RENUMBERED,
        &ENUM_ALIAS_ADDED,
        &ENUM_ALIAS_REMOVED,
    ],
    pages: include_str!("values.md"),
    choice,
    ..Family::EMPTY
};

static ENUM_VALUE_ADDED: Rule = Rule {
    id: "enum-value-added",
    title: "an enum has one value more",
};
static ENUM_VALUE_REUSED: Rule = Rule {
    id: "enum-value-reused",
    title: "a value was added under a number or name that was given up",
};
static ENUM_VALUE_REMOVED: Rule = Rule {
    id: "enum-value-removed",
    title: "an enum lost a value",
};
static ENUM_VALUE_RENAMED: Rule = Rule {
    id: "enum-value-renamed",
    title: "a value of an enum was renamed",
};
static ENUM_VALUE_RENUMBERED: Rule = Rule {
    id: "enum-value-renumbered",
    title: "a value of an enum got another number",
};
static ENUM_ALIAS_ADDED: Rule = Rule {
    id: "enum-alias-added",
    title: "a value of an enum has one more name",
};
static ENUM_ALIAS_REMOVED: Rule = Rule {
    id: "enum-alias-removed",
    title: "a value of an enum has one name less",
};

/// One side of the comparison.
struct Side {
    by_name: HashMap<String, EnumValueDescriptor>,
    /// Every name of a number, as they stand in the text.
    by_number: HashMap<i32, Vec<String>>,
}

/// Both sides, and what is compared with.
struct Values<'a> {
    comparison: &'a Comparison<'a>,
    pair: Pair<'a, EnumDescriptor>,
    old: Side,
    new: Side,
}

fn choice(comparison: &Comparison<'_>, pair: Pair<'_, EnumDescriptor>, found: &mut Drafts) {
    let values = Values {
        comparison,
        old: Side::of(pair.old),
        new: Side::of(pair.new),
        pair,
    };
    // The new names that are another name for an old one.
    let mut renamed = HashSet::new();
    for old in in_order(values.pair.old) {
        match values.new.by_name.get(old.name()) {
            Some(new) if new.number() == old.number() => {}
            Some(new) => found.add(renumbered(&old, new)),
            None => found.add(values.gone(&old, &mut renamed)),
        }
    }
    for new in in_order(values.pair.new) {
        let is_new = !values.old.by_name.contains_key(new.name());
        if is_new && !renamed.contains(new.name()) {
            found.add(match values.is_kept(new.number()) {
                true => values.alias_added(&new),
                false => values.added(&new),
            });
        }
    }
}

impl Side {
    fn of(choice: &EnumDescriptor) -> Self {
        let mut by_number: HashMap<_, Vec<_>> = HashMap::new();
        let mut by_name = HashMap::new();
        for value in in_order(choice) {
            let names = by_number.entry(value.number()).or_default();
            names.push(value.name().to_owned());
            by_name.insert(value.name().to_owned(), value);
        }
        Self { by_name, by_number }
    }

    fn names(&self, number: i32) -> &[String] {
        self.by_number.get(&number).map_or(&[], Vec::as_slice)
    }
}

impl Values<'_> {
    /// A value whose name is not in the new enum.
    fn gone(&self, old: &EnumValueDescriptor, renamed: &mut HashSet<String>) -> Draft {
        let names = self.new.names(old.number());
        let fresh = names
            .iter()
            .find(|name| !self.old.by_name.contains_key(*name) && !renamed.contains(*name));
        let fresh = fresh.and_then(|name| self.new.by_name.get(name));
        match fresh {
            Some(new) => {
                renamed.insert(new.name().to_owned());
                self.renamed(old, new)
            }
            None if self.is_kept(old.number()) => self.alias_removed(old),
            None => self.removed(old),
        }
    }

    /// Whether a number has a name that it had before.
    fn is_kept(&self, number: i32) -> bool {
        let names = self.new.names(number);
        let mut old = self.old.names(number).iter();
        old.any(|name| names.contains(name))
    }

    fn added(&self, new: &EnumValueDescriptor) -> Draft {
        let choice = self.pair.new;
        let (name, number) = (new.name(), new.number());
        let reuse = self.reuse(new);
        let draft = |rule, text| {
            Draft::new(rule, new.owner(), subject(new), text).new_site(new.site().part(&[1]))
        };
        let source = self.comparison.addition();
        if let Some(which) = reuse.title(name, number) {
            let effect = |reused| if reused { Major } else { Minor };
            return draft(
                &ENUM_VALUE_REUSED,
                format!("value `{name}` was added under {which}"),
            )
            .effects(source, effect(reuse.number), effect(reuse.name))
            // What nobody sends may still be stored.
            .bump(Bump::Major)
            .note("who still uses the value that had it reads this one as that, and the other way round")
            .instead("take a number and a name that no release has used");
        }
        let is_closed = is_closed(&Kind::Enum(choice.clone()));
        let is_answered = self.comparison.reach.is_answered(choice.full_name());
        let note = match (is_answered, is_closed) {
            (true, _) => "dangerous: a server may answer with it, and old clients do not know it",
            (false, true) => "old readers do not know it and keep it as an unknown field",
            (false, false) => "old readers keep its number without knowing its name",
        };
        let text = format!("value `{name}` was added");
        let added = draft(&ENUM_VALUE_ADDED, text).note(note);
        match (is_closed, self.comparison.terms.profile) {
            (false, _) => added.effects(source, Minor, Minor),
            (true, Profile::Exhaustive) => added.effects(source, Cond, Minor),
            // What a closed enum loses is what its readers never knew.
            (true, Profile::MinorSafe) => added.effects(source, Cond, Minor).bump(Bump::Minor),
        }
    }

    /// What of an added value some release before had for another.
    fn reuse(&self, new: &EnumValueDescriptor) -> Reuse {
        let old = self.pair.old;
        let number = new.number();
        let is_reserved = old.reserved_ranges().any(|range| range.contains(&number));
        // Whose number it was is gone, or has another one now.
        let is_taken = self.old.by_number.contains_key(&number);
        let by_contract = Reuse {
            number: is_reserved || is_taken,
            name: old.reserved_names().any(|name| name == new.name()),
        };
        let retired = self.comparison.terms.retired.get(old.full_name());
        by_contract.or(Reuse::of(retired, Some(number), |name| name == new.name()))
    }

    fn removed(&self, old: &EnumValueDescriptor) -> Draft {
        let new = self.pair.new;
        let number = old.number();
        let is_reserved = new.reserved_ranges().any(|range| range.contains(&number));
        let (wire, note) = match is_reserved {
            true => (
                Cond,
                "its number is kept by who reads it, but JSON with its name is refused",
            ),
            false => (
                Major,
                "its number is free for a value of another meaning, and JSON with its name is refused",
            ),
        };
        let text = format!("value `{}` was removed", old.name());
        Draft::new(&ENUM_VALUE_REMOVED, new.owner(), subject(old), text)
            .effects(Major, wire, Major)
            .old(old.site().part(&[1]))
            .new_site(new.site().part(&[1]))
            .note(note)
            .instead("keep the value and mark it `[deprecated = true]`")
    }

    fn renamed(&self, old: &EnumValueDescriptor, new: &EnumValueDescriptor) -> Draft {
        let rust = |value: &EnumValueDescriptor| variant(value.parent_enum().name(), value.name());
        let source = if rust(old) == rust(new) { Not } else { Major };
        let effects = Effects::new(source, Not, self.json(old.number()));
        let text = format!("value `{}` was renamed to `{}`", old.name(), new.name());
        let draft = Draft::new(&ENUM_VALUE_RENAMED, new.owner(), subject(old), text)
            .effects(effects.source, effects.wire, effects.json)
            .old(old.site().part(&[1]))
            .new_site(new.site().part(&[1]))
            .note(match (new.number(), source) {
                (0, Major) => {
                    "Rust and JSON name it, and it is the default; on the wire it is its number"
                }
                (_, Major) => "Rust and JSON name it; on the wire it is its number",
                _ => {
                    "JSON names it; in Rust the name is the same, and on the wire it is its number"
                }
            })
            .instead(
                "keep the name and add the other one behind it, with `option allow_alias = true`",
            );
        match effects.bump() {
            Bump::None => draft.bump(Bump::Patch),
            _ => draft,
        }
    }

    fn alias_added(&self, new: &EnumValueDescriptor) -> Draft {
        let text = format!(
            "value `{}` was added as a name of {}",
            new.name(),
            new.number()
        );
        let json = self.json(new.number());
        let draft = Draft::new(&ENUM_ALIAS_ADDED, new.owner(), subject(new), text)
            .effects(Minor, Not, json)
            .new_site(new.site().part(&[1]));
        match json {
            Major => draft
                .note("JSON is written with the first name of a number, and old readers do not know this one")
                .instead("put the new name behind the old one"),
            _ => draft.note("JSON is still written with the first name, which everyone knows"),
        }
    }

    fn alias_removed(&self, old: &EnumValueDescriptor) -> Draft {
        let new = self.pair.new;
        let text = format!(
            "value `{}` was removed as a name of {}",
            old.name(),
            old.number()
        );
        Draft::new(&ENUM_ALIAS_REMOVED, new.owner(), subject(old), text)
            .effects(Major, Not, self.json(old.number()))
            .old(old.site().part(&[1]))
            .new_site(new.site().part(&[1]))
            .note("the number keeps its other name; Rust that uses this one no longer compiles")
            .instead("keep the name and mark it `[deprecated = true]`")
    }

    /// Each side writes the first name of a number: it breaks where the other side does not know that.
    fn json(&self, number: i32) -> Effect {
        let (old, new) = (self.old.names(number), self.new.names(number));
        let is_known =
            |name: Option<&String>, names: &[String]| name.is_some_and(|name| names.contains(name));
        match is_known(old.first(), new) && is_known(new.first(), old) {
            true => Not,
            false => Major,
        }
    }
}

fn renumbered(old: &EnumValueDescriptor, new: &EnumValueDescriptor) -> Draft {
    let (before, after) = (old.number(), new.number());
    let text = format!(
        "value `{}` changed its number from {before} to {after}",
        new.name()
    );
    Draft::new(&ENUM_VALUE_RENUMBERED, new.owner(), subject(old), text)
        .effects(Not, Major, Not)
        .old(old.site().part(&[2]))
        .new_site(new.site().part(&[2]))
        .note("Rust and JSON are the same, but on the wire it is another value")
        .instead("keep the number: the order of values in the text means nothing")
}

/// Values as they stand in the text: those of one number are not so in the descriptor.
fn in_order(choice: &EnumDescriptor) -> Vec<EnumValueDescriptor> {
    let mut values: Vec<_> = choice.values().collect();
    values.sort_by_key(|value| value.path().last().copied());
    values
}

/// A value by its enum, although its full name is that of a neighbour.
fn subject(value: &EnumValueDescriptor) -> String {
    format!("{}.{}", value.parent_enum().full_name(), value.name())
}
