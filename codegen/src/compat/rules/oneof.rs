//! Oneofs, and the fields that move into one, out of one, or from one to another.
//!
//! A oneof is the one that holds most of its fields, or else the one of its name. That of a proto3 `optional` is none.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use prost_reflect::{FieldDescriptor, MessageDescriptor, OneofDescriptor};

use super::field::fields;
use super::rust::field_name;
use super::slot::{Slot, changed};
use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, Fate};
use crate::compat::effect::Effect::{Cond, Major, None as Not};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&ONEOF_REMOVED, &ONEOF_RENAMED, &FIELD_ONEOF],
    pages: include_str!("oneof.md"),
    message,
    ..Family::EMPTY
};

static ONEOF_REMOVED: Rule = Rule {
    id: "oneof-removed",
    title: "a oneof was removed",
};
static ONEOF_RENAMED: Rule = Rule {
    id: "oneof-renamed",
    title: "a oneof was renamed",
};
static FIELD_ONEOF: Rule = Rule {
    id: "field-oneof",
    title: "a field moved into a oneof or out of one",
};

fn message(_: &Comparison<'_>, pair: Pair<'_, MessageDescriptor>, found: &mut Drafts) {
    if oneofs(pair.old).next().is_none() && oneofs(pair.new).next().is_none() {
        return;
    }
    let kept: Vec<_> = fields(&pair)
        .into_iter()
        .filter_map(|fate| match fate {
            Fate::Kept(old, new) => Some((old, new)),
            _ => None,
        })
        .collect();
    let became = counterparts(&pair, &kept);
    let fresh: HashMap<_, _> = oneofs(pair.new)
        .map(|new| (new.name().to_owned(), new))
        .collect();
    for old in oneofs(pair.old) {
        match became.get(old.name()) {
            None => found.add(removed(&old, pair.new)),
            Some(name) if name != old.name() => {
                if let Some(new) = fresh.get(name) {
                    found.add(renamed(&old, new));
                }
            }
            Some(_) => {}
        }
    }
    let oneofs = Oneofs {
        taken: became.values().cloned().collect(),
        became,
        left: sizes(kept.iter().map(|(old, _)| old)),
        entered: sizes(kept.iter().map(|(_, new)| new)),
    };
    for (old, new) in &kept {
        if let Some(draft) = moved(old, new, &oneofs) {
            found.add(draft);
        }
    }
}

fn oneofs(message: &MessageDescriptor) -> impl Iterator<Item = OneofDescriptor> + '_ {
    message.oneofs().filter(|oneof| !oneof.is_synthetic())
}

fn oneof_of(field: &FieldDescriptor) -> Option<OneofDescriptor> {
    let oneof = field.containing_oneof();
    oneof.filter(|oneof| !oneof.is_synthetic())
}

/// The names of the new oneofs by those of the old ones: what shares most fields is the same, then what has the same name.
fn counterparts(
    pair: &Pair<'_, MessageDescriptor>,
    kept: &[(FieldDescriptor, FieldDescriptor)],
) -> HashMap<String, String> {
    let mut shared: BTreeMap<(String, String), usize> = BTreeMap::new();
    let fresh: HashSet<_> = oneofs(pair.new).map(|it| it.name().to_owned()).collect();
    for oneof in oneofs(pair.old) {
        if fresh.contains(oneof.name()) {
            let name = oneof.name().to_owned();
            shared.insert((name.clone(), name), 0);
        }
    }
    for (old, new) in kept {
        if let (Some(old), Some(new)) = (oneof_of(old), oneof_of(new)) {
            let names = (old.name().to_owned(), new.name().to_owned());
            *shared.entry(names).or_default() += 1;
        }
    }
    let mut likely: Vec<_> = shared.into_iter().collect();
    likely.sort_by_key(|((old, new), fields)| (Reverse(*fields), old != new));
    let mut became = HashMap::new();
    let mut taken = HashSet::new();
    for ((old, new), _) in likely {
        if !became.contains_key(&old) && taken.insert(new.clone()) {
            became.insert(old, new);
        }
    }
    became
}

fn removed(old: &OneofDescriptor, message: &MessageDescriptor) -> Draft {
    let text = format!("oneof `{}` was removed", old.name());
    Draft::new(&ONEOF_REMOVED, old.owner(), old.full_name(), text)
        .effects(Major, Not, Not)
        .old(old.site().part(&[1]))
        .new_site(message.site().part(&[1]))
        .note("the Rust enum is gone; peers see its fields alone")
        .instead("keep the oneof and mark its fields `[deprecated = true]`")
}

fn renamed(old: &OneofDescriptor, new: &OneofDescriptor) -> Draft {
    let source = match field_name(old.name()) == field_name(new.name()) {
        true => Not,
        false => Major,
    };
    let text = format!("oneof `{}` was renamed to `{}`", old.name(), new.name());
    Draft::new(&ONEOF_RENAMED, new.owner(), old.full_name(), text)
        .effects(source, Not, Not)
        .old(old.site().part(&[1]))
        .new_site(new.site().part(&[1]))
        .note("only Rust sees the name of a oneof")
        .instead("keep the name and say what it means in its comment")
}

/// The oneofs of both sides of a message, as far as the fields that are in both go.
struct Oneofs {
    /// The names of the new ones by those of the old ones.
    became: HashMap<String, String>,
    /// The names of the new ones that an old one became.
    taken: HashSet<String>,
    /// How many of those fields each old one held, by its name.
    left: HashMap<String, usize>,
    /// How many of those fields each new one holds, by its name.
    entered: HashMap<String, usize>,
}

fn sizes<'a>(fields: impl Iterator<Item = &'a FieldDescriptor>) -> HashMap<String, usize> {
    let mut sizes = HashMap::new();
    for oneof in fields.filter_map(oneof_of) {
        *sizes.entry(oneof.name().to_owned()).or_default() += 1;
    }
    sizes
}

fn moved(old: &FieldDescriptor, new: &FieldDescriptor, oneofs: &Oneofs) -> Option<Draft> {
    let (from, to) = (oneof_of(old), oneof_of(new));
    let (what, is_alone) = match (&from, &to) {
        (None, None) => return None,
        (Some(from), Some(to)) => {
            if oneofs
                .became
                .get(from.name())
                .is_some_and(|name| name == to.name())
            {
                return None;
            }
            let what = format!("moved from oneof `{}` to `{}`", from.name(), to.name());
            (what, false)
        }
        (None, Some(to)) => {
            let is_alone = oneofs.entered.get(to.name()) == Some(&1);
            let is_new = !oneofs.taken.contains(to.name());
            let what = format!("moved into oneof `{}`", to.name());
            (what, is_new && is_alone)
        }
        (Some(from), None) => {
            let is_alone = oneofs.left.get(from.name()) == Some(&1);
            (format!("moved out of oneof `{}`", from.name()), is_alone)
        }
    };
    let is_explicit = old.supports_presence() && new.supports_presence();
    let (effect, note) = match (is_alone, is_explicit) {
        (true, true) => (
            Not,
            "it is alone, and tells what is not set before and after",
        ),
        (true, false) => (
            Cond,
            "one side cannot tell what is not set from the default",
        ),
        (false, _) => (
            Major,
            "where one side sets several of them, the other keeps the last",
        ),
    };
    let (old, new) = (Slot::Field(old), Slot::Field(new));
    let pair = Pair {
        old: &old,
        new: &new,
    };
    let draft = changed(&FIELD_ONEOF, &pair, &[], &what).effects(Major, effect, effect);
    Some(
        draft
            .note(note)
            .instead("leave it where it is, and add a new field where it should be"),
    )
}
