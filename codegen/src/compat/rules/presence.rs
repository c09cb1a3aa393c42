//! How many values a field has, and whether none is told from the default.

use prost_reflect::Kind;

use super::slot::{Arity, Slot, changed};
use super::types::wrapped;
use crate::compat::compare::{Comparison, Drafts};
use crate::compat::effect::Effect::{self, Cond, Major};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&FIELD_PRESENCE, &FIELD_CARDINALITY, &FIELD_REQUIRED],
    pages: include_str!("presence.md"),
    ..Family::EMPTY
};

static FIELD_PRESENCE: Rule = Rule {
    id: "field-presence",
    title: "a field began or ceased to tell what is not set from the default",
};
static FIELD_CARDINALITY: Rule = Rule {
    id: "field-cardinality",
    title: "a field holds one value where it held many, or many where it held one",
};
static FIELD_REQUIRED: Rule = Rule {
    id: "field-required",
    title: "a field began or ceased to be required",
};

/// Where the label of a field stands.
const LABEL: &[i32] = &[4];

/// Asked of every field and extension that is in both.
pub(super) fn kept(comparison: &Comparison<'_>, pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    use Arity::{Explicit, Implicit, Map, Repeated, Required};
    let arities = (pair.old.arity(), pair.new.arity());
    match arities {
        (old, new) if old == new => {}
        (Required, _) | (_, Required) => required(pair, found),
        (Implicit, Explicit) | (Explicit, Implicit) => presence(pair, found),
        (Map, _) | (_, Map) => maps(comparison, pair, arities, found),
        (one, _) => {
            let many = match one {
                Repeated => pair.old,
                _ => pair.new,
            };
            // A packed list is one value on the wire, which who reads a single one takes for unknown.
            let wire = if many.is_packed() { Major } else { Cond };
            cardinality(pair, arities, wire, found);
        }
    }
}

fn presence(pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    // Whether it is an arm of a oneof is asked elsewhere, and a message is always told from none.
    let is_asked_elsewhere = pair.old.is_arm() || pair.new.is_arm();
    let kinds = [pair.old.kind(), pair.new.kind()];
    let is_message = kinds
        .iter()
        .any(|kind| matches!(kind, Kind::Message(_)) && wrapped(kind).is_none());
    if is_asked_elsewhere || is_message {
        return;
    }
    let (what, instead) = match pair.new.arity() {
        Arity::Explicit => (
            "tells now whether it is set",
            "add an `optional` field beside it",
        ),
        _ => (
            "tells no more whether it is set",
            "keep `optional` and read what is not set as the default",
        ),
    };
    let draft = changed(&FIELD_PRESENCE, pair, LABEL, what)
        .effects(Major, Cond, Cond)
        .note("one side cannot tell what is not set from the default, and does not say which it means")
        .instead(instead);
    found.add(draft);
}

fn required(pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    let (what, instead) = match pair.new.arity() {
        Arity::Required => (
            "is required now",
            "keep it optional, and refuse a request without it in the handler",
        ),
        _ => (
            "is no longer required",
            "keep it, and let every writer set it to a value that means nothing",
        ),
    };
    let draft = changed(&FIELD_REQUIRED, pair, LABEL, what)
        .effects(Major, Major, Major)
        .note("a message without it is refused by every reader for whom it is required")
        .instead(instead);
    found.add(draft);
}

fn maps(
    comparison: &Comparison<'_>,
    pair: &Pair<'_, Slot<'_>>,
    arities: (Arity, Arity),
    found: &mut Drafts,
) {
    let wire = match (pair.old.kind(), pair.new.kind()) {
        (Kind::Message(old), Kind::Message(new)) => comparison.exchange(&old, &new).wire.max(Cond),
        _ => Major,
    };
    cardinality(pair, arities, wire, found);
}

fn cardinality(
    pair: &Pair<'_, Slot<'_>>,
    (old, new): (Arity, Arity),
    wire: Effect,
    found: &mut Drafts,
) {
    let what = format!("was {} and is {}", amount(old), amount(new));
    let note = match (wire, new) {
        (Major, _) => "peers do not understand each other's values and lose them in silence",
        (_, Arity::Map) | (Cond, Arity::Repeated) if old != Arity::Map && new == Arity::Map => {
            "entries of one key become one, and their order is lost"
        }
        _ => "who reads one value takes the last of many, or merges them",
    };
    let draft = changed(&FIELD_CARDINALITY, pair, LABEL, &what)
        .effects(Major, wire, Major)
        .note(note)
        .instead("keep the field and add another one beside it");
    found.add(draft);
}

fn amount(arity: Arity) -> &'static str {
    match arity {
        Arity::Map => "a map",
        Arity::Repeated => "a list",
        _ => "a single value",
    }
}
