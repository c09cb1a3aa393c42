//! What a field means that is not set, and which bytes its strings may hold.

use prost_reflect::{Kind, Syntax};

use super::slot::{Arity, Slot, changed};
use super::types::keyword;
use crate::compat::compare::Drafts;
use crate::compat::effect::Effect::{Major, None as Not};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&FIELD_DEFAULT, &FIELD_UTF8],
    pages: include_str!("default.md"),
    ..Family::EMPTY
};

static FIELD_DEFAULT: Rule = Rule {
    id: "field-default",
    title: "a field that is not set means another value",
};
static FIELD_UTF8: Rule = Rule {
    id: "field-utf8",
    title: "the strings of a field began or ceased to be checked",
};

/// Asked of every field and extension that is in both.
pub(super) fn kept(pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    default(pair, found);
    utf8(pair, found);
}

fn default(pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    let is_single = |slot: &Slot<'_>| {
        matches!(
            slot.arity(),
            Arity::Explicit | Arity::Implicit | Arity::Required
        )
    };
    let (old, new) = (pair.old.kind(), pair.new.kind());
    let is_scalar = keyword(&old) == keyword(&new) && !matches!(old, Kind::Message(_));
    if !is_single(pair.old) || !is_single(pair.new) || !is_scalar {
        return;
    }
    let [old, new] = [pair.old, pair.new].map(default_of);
    let is_same = old.text == new.text || (old.number.is_some() && old.number == new.number);
    if !is_same {
        let (old, new) = (old.text, new.text);
        let what = format!("changed its default from `{old}` to `{new}`");
        let draft = changed(&FIELD_DEFAULT, pair, &[7], &what)
            .effects(Not, Major, Major)
            .note("each side takes its own default for what is not set: the same bytes mean different values")
            .instead("keep the default, and let who means another value set it");
        found.add(draft);
    }
}

/// What a field means that is not set.
struct Default {
    /// As text, for a default that is not a number is no number's equal.
    text: String,
    /// Of an enum's value. A value that got another name or number is still the same one.
    number: Option<i32>,
}

fn default_of(slot: &Slot<'_>) -> Default {
    let value = slot.default_value();
    let (kind, number) = (slot.kind(), value.as_enum_number());
    let known = kind
        .as_enum()
        .zip(number)
        .and_then(|(choice, number)| choice.get_value(number));
    Default {
        text: known.map_or_else(|| value.to_string(), |known| known.name().to_owned()),
        number,
    }
}

fn utf8(pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    if !is_text(pair.old) || !is_text(pair.new) {
        return;
    }
    let is_checked = |slot: &Slot<'_>| slot.syntax() != Syntax::Proto2;
    let what = match (is_checked(pair.old), is_checked(pair.new)) {
        (true, false) => "is no longer checked to be UTF-8",
        (false, true) => "is now checked to be UTF-8",
        _ => return,
    };
    let draft = changed(&FIELD_UTF8, pair, &[5], what)
        .effects(Not, Major, Not)
        .note("who checks refuses what the other side may write")
        .instead("keep the file's syntax, or add a field of type `bytes`");
    found.add(draft);
}

/// Whether it holds strings, be it as keys or as values.
fn is_text(slot: &Slot<'_>) -> bool {
    match slot.entry() {
        Some((key, value)) => [key, value].contains(&Kind::String),
        None => slot.kind() == Kind::String,
    }
}
