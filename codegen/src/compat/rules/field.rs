//! Fields of messages: added, removed, renamed, renumbered, another name in JSON.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, Fate};
use crate::compat::effect::Effect::{Cond, Major, Minor, None as Not};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&FIELD_ADDED, &FIELD_REMOVED],
    pages: include_str!("field.md"),
    message,
    ..Family::EMPTY
};

static FIELD_ADDED: Rule = Rule {
    id: "field-added",
    title: "a field was added",
};
static FIELD_REMOVED: Rule = Rule {
    id: "field-removed",
    title: "a field was removed",
};

fn message(_: &Comparison<'_>, pair: Pair<'_, MessageDescriptor>, found: &mut Drafts) {
    for fate in fields(&pair) {
        match fate {
            Fate::Added(new) => found.add(added(&new)),
            Fate::Removed(old) => found.add(removed(&old, pair.new)),
            Fate::Kept(..) => {}
        }
    }
}

/// Fields by name and number: the same name decides, then the same number.
pub(in crate::compat) fn fields(pair: &Pair<'_, MessageDescriptor>) -> Vec<Fate<FieldDescriptor>> {
    let mut left: Vec<_> = pair.new.fields().collect();
    let mut take = |is_it: &dyn Fn(&FieldDescriptor) -> bool| {
        let index = left.iter().position(is_it)?;
        Some(left.swap_remove(index))
    };
    let mut fates = Vec::new();
    let mut rest = Vec::new();
    for old in pair.old.fields() {
        match take(&|new| new.name() == old.name()) {
            Some(new) => fates.push(Fate::Kept(old, new)),
            None => rest.push(old),
        }
    }
    for old in rest {
        fates.push(match take(&|new| new.number() == old.number()) {
            Some(new) => Fate::Kept(old, new),
            None => Fate::Removed(old),
        });
    }
    fates.extend(left.into_iter().map(Fate::Added));
    fates
}

fn added(new: &FieldDescriptor) -> Draft {
    let message = format!("field `{}` was added", new.name());
    Draft::new(&FIELD_ADDED, new.owner(), new.full_name(), message)
        .effects(Minor, Minor, Minor)
        .new_site(new.site())
        .note("old readers keep it as unknown, old writers never set it")
}

fn removed(old: &FieldDescriptor, message: &MessageDescriptor) -> Draft {
    let number = message
        .reserved_ranges()
        .any(|range| range.contains(&old.number()));
    let name = message.reserved_names().any(|name| name == old.name());
    let effect = |kept| if kept { Cond } else { Major };
    let text = format!("field `{}` was removed", old.name());
    let _ = Not;
    Draft::new(&FIELD_REMOVED, old.owner(), old.full_name(), text)
        .effects(Major, effect(number), effect(name))
        .old(old.site())
        .new_site(message.site())
        .note("what old clients send in it is lost, and what they expect in it never comes")
        .instead("keep the field and mark it `[deprecated = true]`")
}
