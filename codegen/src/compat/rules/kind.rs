//! A field of another type: a scalar, an enum, a message, the keys and values of a map.

use prost_reflect::Kind;

use super::slot::{Arity, Slot};
use super::types::{is_closed, is_text, keyword, measured, shown, wrapped};
use crate::compat::beside;
use crate::compat::change::{Draft, Site};
use crate::compat::compare::{Comparison, Drafts};
use crate::compat::effect::Effect::{self, Cond, Major, Minor, None as Not};
use crate::compat::effect::Effects;
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&FIELD_TYPE, &MAP_KEY_TYPE],
    pages: include_str!("kind.md"),
    ..Family::EMPTY
};

static FIELD_TYPE: Rule = Rule {
    id: "field-type",
    title: "a field changed its type",
};
static MAP_KEY_TYPE: Rule = Rule {
    id: "map-key-type",
    title: "the keys of a map changed their type",
};

/// Asked of every field and extension that is in both.
pub(super) fn kept(comparison: &Comparison<'_>, pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    match (pair.old.arity(), pair.new.arity()) {
        (Arity::Map, Arity::Map) => maps(comparison, pair, found),
        // What becomes of a map that is one no more is not a question of types alone.
        (Arity::Map, _) | (_, Arity::Map) => {}
        _ => {
            let (old, new) = (pair.old.kind(), pair.new.kind());
            let effects = exchange(comparison, &old, &new);
            let groups = pair.old.is_group() != pair.new.is_group();
            let effects = match (effects, groups) {
                (effects, false) => effects,
                (effects, true) => Some(Effects {
                    wire: Major,
                    ..effects.unwrap_or_default()
                }),
            };
            if let Some(effects) = effects {
                let types = (written(pair.old, &old), written(pair.new, &new));
                found.add(draft(comparison, &FIELD_TYPE, pair, "its type", types).with(effects));
            }
        }
    }
}

/// A group has the name of a message, but is written on the wire in its own way.
fn written(slot: &Slot<'_>, kind: &Kind) -> String {
    match slot.is_group() {
        true => format!("group {}", shown(kind)),
        false => shown(kind),
    }
}

fn maps(comparison: &Comparison<'_>, pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    let (Some((old_key, old_value)), Some((new_key, new_value))) =
        (pair.old.entry(), pair.new.entry())
    else {
        return;
    };
    if old_key != new_key {
        let effects = Effects {
            json: key_in_json(&old_key, &new_key),
            ..measured(&old_key, &new_key)
        };
        let types = (shown(&old_key), shown(&new_key));
        found.add(
            draft(
                comparison,
                &MAP_KEY_TYPE,
                pair,
                "the type of its keys",
                types,
            )
            .with(effects),
        );
    }
    if let Some(effects) = exchange(comparison, &old_value, &new_value) {
        let types = (shown(&old_value), shown(&new_value));
        found.add(
            draft(
                comparison,
                &FIELD_TYPE,
                pair,
                "the type of its values",
                types,
            )
            .with(effects),
        );
    }
}

/// Every key is a string in JSON; only what it may say differs.
fn key_in_json(old: &Kind, new: &Kind) -> Effect {
    match (old, new) {
        (Kind::Bool, Kind::String) | (Kind::String, Kind::Bool) => Cond,
        (Kind::Bool, _) | (_, Kind::Bool) => Major,
        (Kind::String, _) | (_, Kind::String) => Cond,
        _ => Not,
    }
}

/// The effects where one type takes the place of another; nothing where they are one.
fn exchange(comparison: &Comparison<'_>, old: &Kind, new: &Kind) -> Option<Effects> {
    if shown(old) == shown(new) {
        return None;
    }
    Some(match (old, new) {
        (Kind::Message(one), Kind::Message(other)) => Effects {
            source: messages_in_rust(old, new),
            ..comparison.exchange(one, other)
        },
        (Kind::Enum(one), Kind::Enum(other)) => Effects {
            source: Major,
            ..comparison.exchange_enums(one, other)
        },
        (Kind::Message(_), _) => beside_message(old, new),
        (_, Kind::Message(_)) => beside_message(new, old),
        _ => {
            let mut effects = measured(old, new);
            if is_closed(old) || is_closed(new) {
                effects.wire = effects.wire.max(Cond);
            }
            effects
        }
    })
}

/// Two wrappers are one in Rust where what they are around is.
fn messages_in_rust(old: &Kind, new: &Kind) -> Effect {
    match (wrapped(old), wrapped(new)) {
        (Some(old), Some(new)) => measured(&old, &new).source,
        _ => Major,
    }
}

/// The effects where a message takes the place of what is none, or makes place for it.
fn beside_message(message: &Kind, other: &Kind) -> Effects {
    match wrapped(message) {
        Some(inner) if keyword(&inner) == keyword(other) => Effects::new(Not, Major, Not),
        Some(inner) => Effects {
            wire: Major,
            ..measured(&inner, other)
        },
        None if is_text(message) && matches!(other, Kind::String) => {
            Effects::new(Major, Major, Cond)
        }
        None => measured(message, other),
    }
}

/// A change from one type to another, shown where they stand.
fn draft(
    comparison: &Comparison<'_>,
    rule: &'static Rule,
    pair: &Pair<'_, Slot<'_>>,
    what: &str,
    (old, new): (String, String),
) -> Draft {
    let beside = match (pair.old, pair.new) {
        (Slot::Field(old), Slot::Field(new)) => beside::Draft::of(comparison, old, new),
        _ => None,
    };
    let message = format!(
        "{} changed {what} from `{old}` to `{new}`",
        pair.old.title()
    );
    Draft::new(rule, pair.new.owner(), pair.old.full_name(), message)
        .old(type_of(pair.old))
        .new_site(type_of(pair.new))
        .beside(beside)
        .instead(match pair.new {
            _ if pair.new.arity() == Arity::Map => "keep the field and add another map".to_owned(),
            Slot::Field(_) => format!("keep the field and add another one of type `{new}`"),
            Slot::Extension(_) => format!("keep the extension and add another one of type `{new}`"),
        })
}

/// Where the type of a field is written: a keyword or a name.
fn type_of(slot: &Slot<'_>) -> Site {
    let number = match slot.kind() {
        Kind::Message(_) | Kind::Enum(_) => 6,
        _ => 5,
    };
    slot.site().part(&[number])
}

trait Measured {
    fn with(self, effects: Effects) -> Self;
}

impl Measured for Draft {
    /// These effects, and what they mean.
    fn with(self, effects: Effects) -> Self {
        let Effects { source, wire, json } = effects;
        let note = match (source, wire, json) {
            (Not, Major, Not) => "same Rust type and JSON, but every value on the wire changes",
            (Not, ..) => "the same Rust type, so no compiler tells",
            (Major, Not, Not) => {
                "the same on the wire and in JSON; Rust code has to name the new type"
            }
            (_, Minor, _) | (_, Not, Minor) => "what one knows the other keeps or leaves out",
            (_, Not, _) => "the same numbers on the wire, but another type in Rust and in JSON",
            (_, Cond, _) => "peers read each other, but values that fit one type alone are lost",
            (_, _, Not) => "the same JSON, but peers cannot read each other's bytes",
            (_, Major, Cond) => {
                "peers cannot read each other's bytes; of the JSON, what fits both types"
            }
            _ => "peers cannot read each other's values",
        };
        self.effects(source, wire, json).note(note)
    }
}
