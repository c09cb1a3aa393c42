//! Fields of messages: added, removed, another name, another number, another name in JSON.

use std::collections::HashMap;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::reserved::Reuse;
use super::rust::field_name;
use super::slot::{Slot, changed};
use super::{default, kind, presence};
use crate::compat::beside;
use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, Fate};
use crate::compat::effect::Bump;
use crate::compat::effect::Effect::{Cond, Major, Minor, None as Not};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[
        &FIELD_ADDED,
        &FIELD_REUSED,
        &FIELD_REMOVED,
        &FIELD_RENAMED,
        &FIELD_RENUMBERED,
        &FIELD_JSON_NAME,
    ],
    pages: include_str!("field.md"),
    message,
    ..Family::EMPTY
};

static FIELD_ADDED: Rule = Rule {
    id: "field-added",
    title: "a field was added",
};
static FIELD_REUSED: Rule = Rule {
    id: "field-reused",
    title: "a field was added under a number or name that was given up",
};
static FIELD_REMOVED: Rule = Rule {
    id: "field-removed",
    title: "a field was removed",
};
static FIELD_RENAMED: Rule = Rule {
    id: "field-renamed",
    title: "a field was renamed",
};
static FIELD_RENUMBERED: Rule = Rule {
    id: "field-renumbered",
    title: "a field got another number",
};
static FIELD_JSON_NAME: Rule = Rule {
    id: "field-json-name",
    title: "a field has another name in JSON",
};

fn message(comparison: &Comparison<'_>, pair: Pair<'_, MessageDescriptor>, found: &mut Drafts) {
    for fate in fields(&pair) {
        match fate {
            Fate::Added(new) => found.add(added(comparison, &pair, &new)),
            Fate::Removed(old) => found.add(removed(&old, pair.new)),
            Fate::Kept(old, new) => {
                let (old, new) = (Slot::Field(&old), Slot::Field(&new));
                let pair = Pair {
                    old: &old,
                    new: &new,
                };
                names(comparison, &pair, found);
                kind::kept(comparison, &pair, found);
                presence::kept(comparison, &pair, found);
                default::kept(&pair, found);
            }
        }
    }
}

/// Fields by name and number: the same name decides, then the same number.
pub(in crate::compat) fn fields(pair: &Pair<'_, MessageDescriptor>) -> Vec<Fate<FieldDescriptor>> {
    let mut fates = Vec::new();
    let mut rest = Vec::new();
    for old in pair.old.fields() {
        match pair.new.get_field_by_name(old.name()) {
            Some(new) => fates.push(Fate::Kept(old, new)),
            None => rest.push(old),
        }
    }
    let fresh = pair.new.fields();
    let fresh = fresh.filter(|new| pair.old.get_field_by_name(new.name()).is_none());
    let mut fresh: HashMap<u32, _> = fresh.map(|new| (new.number(), new)).collect();
    for old in rest {
        fates.push(match fresh.remove(&old.number()) {
            Some(new) => Fate::Kept(old, new),
            None => Fate::Removed(old),
        });
    }
    let mut added: Vec<_> = fresh.into_values().collect();
    added.sort_by_key(FieldDescriptor::number);
    fates.extend(added.into_iter().map(Fate::Added));
    fates
}

fn added(
    comparison: &Comparison<'_>,
    pair: &Pair<'_, MessageDescriptor>,
    new: &FieldDescriptor,
) -> Draft {
    let source = comparison.addition();
    let reuse = reuse_of(comparison, pair.old, new);
    let draft = |rule, text| {
        Draft::new(rule, new.owner(), new.full_name(), text).new_site(new.site().part(&[1]))
    };
    if new.is_required() {
        return draft(
            &FIELD_ADDED,
            format!("required field `{}` was added", new.name()),
        )
        .effects(Major, Major, Major)
        .note("old writers never set it, and new readers refuse what lacks it")
        .instead("add it as `optional`, and refuse a request without it in the handler");
    }
    let Some(which) = reuse.title(new.name(), new.number()) else {
        return draft(&FIELD_ADDED, format!("field `{}` was added", new.name()))
            .effects(source, Minor, Minor)
            .note("old readers keep it as unknown, old writers never set it");
    };
    let effect = |reused| if reused { Major } else { Minor };
    let text = format!("field `{}` was added under {which}", new.name());
    draft(&FIELD_REUSED, text)
        .effects(source, effect(reuse.number), effect(reuse.name))
        // What nobody sends may still be stored.
        .bump(Bump::Major)
        .note(
            "who still uses the field that had it reads this one as that, and the other way round",
        )
        .instead("take a number and a name that no release has used")
}

/// What of an added field some release before had for another.
fn reuse_of(comparison: &Comparison<'_>, old: &MessageDescriptor, new: &FieldDescriptor) -> Reuse {
    let number = new.number();
    let is_reserved = old.reserved_ranges().any(|range| range.contains(&number));
    // Whose number it was has another one now.
    let is_taken = old.get_field(number).is_some();
    let mut reserved = old.reserved_names();
    let by_contract = Reuse {
        number: is_reserved || is_taken,
        name: reserved.any(|name| json_key(name) == json_key(new.name())),
    };
    let retired = comparison.terms.retired.get(old.full_name());
    let number = i32::try_from(number).ok();
    by_contract.or(Reuse::of(retired, number, |name| {
        json_key(name) == json_key(new.name())
    }))
}

/// The name in JSON of a field that says nothing about it.
fn json_key(name: &str) -> String {
    let mut key = String::new();
    let mut is_after_underscore = false;
    for letter in name.chars() {
        match letter {
            '_' => is_after_underscore = true,
            _ if is_after_underscore => {
                key.push(letter.to_ascii_uppercase());
                is_after_underscore = false;
            }
            _ => key.push(letter),
        }
    }
    key
}

fn removed(old: &FieldDescriptor, message: &MessageDescriptor) -> Draft {
    if old.is_required() {
        let text = format!("required field `{}` was removed", old.name());
        return Draft::new(&FIELD_REMOVED, old.owner(), old.full_name(), text)
            .effects(Major, Major, Major)
            .old(old.site().part(&[1]))
            .new_site(message.site().part(&[1]))
            .note("old readers refuse what new writers send, for it lacks what they require")
            .instead("keep the field, and let every writer set it");
    }
    let number = message
        .reserved_ranges()
        .any(|range| range.contains(&old.number()));
    let name = message.reserved_names().any(|name| name == old.name());
    let effect = |kept| if kept { Cond } else { Major };
    let text = format!("field `{}` was removed", old.name());
    Draft::new(&FIELD_REMOVED, old.owner(), old.full_name(), text)
        .effects(Major, effect(number), effect(name))
        .old(old.site().part(&[1]))
        .new_site(message.site().part(&[1]))
        .note(match (number, name) {
            (true, true) => {
                "what old clients send in it is lost, and what they expect in it never comes"
            }
            (false, _) => {
                "its number is free for a field of another meaning: reserve its number and its name"
            }
            (true, false) => "its name is free for a field of another meaning: reserve it, too",
        })
        .instead(match is_deprecated(old) {
            true => "keep the field, deprecated as it is, until the next MAJOR version",
            false => "keep the field and mark it `[deprecated = true]`",
        })
}

fn is_deprecated(field: &FieldDescriptor) -> bool {
    let options = field.field_descriptor_proto().options.as_ref();
    options.is_some_and(|options| options.deprecated())
}

/// What a field is called, in the three places where it is called anything.
fn names(comparison: &Comparison<'_>, pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    let (Slot::Field(old), Slot::Field(new)) = (pair.old, pair.new) else {
        return;
    };
    let is_other_json = old.json_name() != new.json_name();
    if old.name() != new.name() {
        let is_rust = field_name(old.name()) != field_name(new.name());
        let effect = |breaks| if breaks { Major } else { Not };
        let note = match (is_rust, is_other_json) {
            (true, true) => "Rust and JSON name it; on the wire it is its number",
            (true, false) => "Rust names it; JSON keeps the name and the wire the number",
            (false, true) => {
                "JSON names it; in Rust the name is the same, and on the wire it is its number"
            }
            (false, false) => "the name is the same in Rust and in JSON",
        };
        let draft = changed(
            &FIELD_RENAMED,
            pair,
            &[1],
            &format!("was renamed to `{}`", new.name()),
        )
        .effects(effect(is_rust), Not, effect(is_other_json))
        .note(note)
        .instead("keep the field, and add another one of the new name")
        .beside(beside::Draft::of(comparison, old, new));
        found.add(match (is_rust, is_other_json) {
            (false, false) => draft.bump(Bump::Patch),
            _ => draft,
        });
    } else if is_other_json {
        let what = format!(
            "changed its name in JSON from `{}` to `{}`",
            old.json_name(),
            new.json_name()
        );
        let draft = changed(&FIELD_JSON_NAME, pair, &[10], &what)
            .effects(Not, Not, Major)
            .note("only JSON names it so: old clients neither find it nor are understood")
            .instead("keep the name in JSON, and add a field that has the other one");
        found.add(draft);
    }
    if old.number() != new.number() {
        let what = format!(
            "changed its number from {} to {}",
            old.number(),
            new.number()
        );
        let draft = changed(&FIELD_RENUMBERED, pair, &[3], &what)
            .effects(Not, Major, Not)
            .note("Rust and JSON are the same, but on the wire it is another field")
            .instead("keep the number: the order of fields in the text means nothing");
        found.add(draft);
    }
}
