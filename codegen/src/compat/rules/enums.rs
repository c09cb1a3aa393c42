//! Enums as a whole: added, removed, open or closed. Their values are in `values`.

use prost_reflect::{EnumDescriptor, Kind};

use super::types::is_closed;
use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, Fate};
use crate::compat::effect::Effect::{Cond, Major, Minor, None as Not};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&ENUM_ADDED, &ENUM_REMOVED, &ENUM_OPENNESS],
    pages: include_str!("enums.md"),
    contract,
    choice,
    ..Family::EMPTY
};

static ENUM_ADDED: Rule = Rule {
    id: "enum-added",
    title: "an enum was added",
};
static ENUM_REMOVED: Rule = Rule {
    id: "enum-removed",
    title: "an enum was removed or moved",
};
static ENUM_OPENNESS: Rule = Rule {
    id: "enum-openness",
    title: "an enum began or ceased to keep values that it does not know",
};

fn contract(comparison: &Comparison<'_>, found: &mut Drafts) {
    for fate in &comparison.enums {
        match fate {
            Fate::Added(new) => found.add(added(new)),
            Fate::Removed(old) => found.add(removed(old)),
            Fate::Kept(..) => {}
        }
    }
}

fn added(new: &EnumDescriptor) -> Draft {
    let text = format!("enum `{}` was added", new.name());
    Draft::new(&ENUM_ADDED, new.owner(), new.full_name(), text)
        .effects(Minor, Not, Not)
        .new_site(new.site().part(&[1]))
        .note("a new name that nobody uses yet")
}

fn removed(old: &EnumDescriptor) -> Draft {
    let text = format!("enum `{}` was removed", old.name());
    Draft::new(&ENUM_REMOVED, old.owner(), old.full_name(), text)
        .effects(Major, Not, Not)
        .old(old.site().part(&[1]))
        .note("its Rust type is gone from its place; peers see its numbers alone")
        .instead("keep it where it is and mark it `option deprecated = true`")
}

fn choice(_: &Comparison<'_>, pair: Pair<'_, EnumDescriptor>, found: &mut Drafts) {
    let is_closed = |choice: &EnumDescriptor| is_closed(&Kind::Enum(choice.clone()));
    let what = match (is_closed(pair.old), is_closed(pair.new)) {
        (true, false) => "is open now",
        (false, true) => "is closed now",
        _ => return,
    };
    let text = format!("enum `{}` {what}", pair.new.name());
    let draft = Draft::new(&ENUM_OPENNESS, pair.new.owner(), pair.old.full_name(), text)
        .effects(Major, Cond, Cond)
        .old(pair.old.site().part(&[1]))
        .new_site(pair.new.site().part(&[1]))
        .note("a number that it does not know is a value where it is open, and an unknown field where it is closed")
        .instead("keep the file's syntax, or add an enum in a file of the other one");
    found.add(draft);
}
