//! Extensions, and the ranges of numbers that a message leaves to them.

use std::ops::Range;

use prost_reflect::{ExtensionDescriptor, MessageDescriptor};

use super::ranges::{shown, without};
use super::slot::{Slot, changed};
use super::{default, kind, presence};
use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, Fate, pair_up};
use crate::compat::contract::Contract;
use crate::compat::effect::Effect::{Cond, Major, Minor, None as Not};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[
        &EXTENSION_ADDED,
        &EXTENSION_REMOVED,
        &EXTENSION_RENAMED,
        &EXTENSION_RENUMBERED,
        &EXTENSION_RANGE_ADDED,
        &EXTENSION_RANGE_REMOVED,
    ],
    pages: include_str!("extension.md"),
    contract,
    message,
    ..Family::EMPTY
};

static EXTENSION_ADDED: Rule = Rule {
    id: "extension-added",
    title: "an extension was added",
};
static EXTENSION_REMOVED: Rule = Rule {
    id: "extension-removed",
    title: "an extension was removed",
};
static EXTENSION_RENAMED: Rule = Rule {
    id: "extension-renamed",
    title: "an extension was renamed or moved",
};
static EXTENSION_RENUMBERED: Rule = Rule {
    id: "extension-renumbered",
    title: "an extension got another number",
};
static EXTENSION_RANGE_ADDED: Rule = Rule {
    id: "extension-range-added",
    title: "a message left more numbers to extensions",
};
static EXTENSION_RANGE_REMOVED: Rule = Rule {
    id: "extension-range-removed",
    title: "a message left fewer numbers to extensions",
};

fn contract(comparison: &Comparison<'_>, found: &mut Drafts) {
    for fate in fates(comparison) {
        match fate {
            Fate::Added(new) => found.add(added(&new)),
            Fate::Removed(old) => found.add(removed(&old)),
            Fate::Kept(old, new) => {
                let (old, new) = (Slot::Extension(&old), Slot::Extension(&new));
                let pair = Pair {
                    old: &old,
                    new: &new,
                };
                names(&pair, found);
                kind::kept(comparison, &pair, found);
                presence::kept(comparison, &pair, found);
                default::kept(&pair, found);
            }
        }
    }
}

/// Extensions of a message by name and number: the same name decides, then the same number.
fn fates(comparison: &Comparison<'_>) -> Vec<Fate<ExtensionDescriptor>> {
    let (old, new) = (extensions(comparison.old), extensions(comparison.new));
    let message = |it: &ExtensionDescriptor| it.containing_message().full_name().to_owned();
    let by_name = pair_up(old, new, |it| (message(it), it.full_name().to_owned()));
    let (kept, rest): (Vec<_>, Vec<_>) = by_name
        .into_iter()
        .partition(|fate| matches!(fate, Fate::Kept(..)));
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for fate in rest {
        match fate {
            Fate::Removed(it) => old.push(it),
            Fate::Added(it) | Fate::Kept(it, _) => new.push(it),
        }
    }
    let by_number = pair_up(old, new, |it| (message(it), it.number()));
    kept.into_iter().chain(by_number).collect()
}

fn extensions(contract: &Contract) -> Vec<ExtensionDescriptor> {
    let mut all = Vec::new();
    let mut next = Vec::new();
    for file in contract.files() {
        all.extend(file.extensions());
        next.extend(file.messages());
    }
    while let Some(message) = next.pop() {
        all.extend(message.child_extensions());
        next.extend(message.child_messages());
    }
    all
}

fn added(new: &ExtensionDescriptor) -> Draft {
    let text = format!(
        "extension `{}` of `{}` was added",
        new.full_name(),
        new.containing_message().full_name()
    );
    Draft::new(&EXTENSION_ADDED, new.owner(), new.full_name(), text)
        .effects(Minor, Minor, Minor)
        .new_site(new.site().part(&[1]))
        .note("old readers keep it as unknown, old writers never set it")
}

fn removed(old: &ExtensionDescriptor) -> Draft {
    let text = format!(
        "extension `{}` of `{}` was removed",
        old.full_name(),
        old.containing_message().full_name()
    );
    Draft::new(&EXTENSION_REMOVED, old.owner(), old.full_name(), text)
        .effects(Major, Cond, Cond)
        .old(old.site().part(&[1]))
        .note("what old clients send in it is lost, and what they expect in it never comes")
        .instead("keep it and mark it `[deprecated = true]`")
}

fn names(pair: &Pair<'_, Slot<'_>>, found: &mut Drafts) {
    if pair.old.full_name() != pair.new.full_name() {
        let what = format!("was renamed to `{}`", pair.new.full_name());
        let draft = changed(&EXTENSION_RENAMED, pair, &[1], &what)
            .effects(Major, Not, Major)
            .note("Rust and JSON name it; on the wire it is its number")
            .instead("keep the name and the place that it has");
        found.add(draft);
    }
    let (old, new) = (pair.old.number(), pair.new.number());
    if old != new {
        let what = format!("changed its number from {old} to {new}");
        let draft = changed(&EXTENSION_RENUMBERED, pair, &[3], &what)
            .effects(Not, Major, Not)
            .note("Rust and JSON are the same, but on the wire it is another field")
            .instead("keep the number");
        found.add(draft);
    }
}

fn message(_: &Comparison<'_>, pair: Pair<'_, MessageDescriptor>, found: &mut Drafts) {
    let (old, new) = (ranges(pair.old), ranges(pair.new));
    let name = pair.new.full_name();
    for (at, range) in old.iter().enumerate() {
        for gone in without(range, &new) {
            let text = format!("{} can no longer be extended", shown(&gone));
            let draft = Draft::new(&EXTENSION_RANGE_REMOVED, pair.new.owner(), name, text)
                .effects(Major, Not, Not)
                .old(pair.old.site().part(&part(at)))
                .new_site(pair.new.site().part(&[1]))
                .note("extensions that others declare there no longer compile")
                .instead("keep the range");
            found.add(draft);
        }
    }
    for (at, range) in new.iter().enumerate() {
        for fresh in without(range, &old) {
            let text = format!("{} can be extended", shown(&fresh));
            let draft = Draft::new(&EXTENSION_RANGE_ADDED, pair.new.owner(), name, text)
                .effects(Minor, Not, Not)
                .new_site(pair.new.site().part(&part(at)))
                .note("others may declare extensions there, and nobody has");
            found.add(draft);
        }
    }
}

fn ranges(message: &MessageDescriptor) -> Vec<Range<i64>> {
    let ranges = message.extension_ranges();
    ranges
        .map(|range| i64::from(range.start)..i64::from(range.end))
        .collect()
}

/// Where the range of this index stands.
fn part(at: usize) -> [i32; 2] {
    [5, i32::try_from(at).unwrap_or(i32::MAX)]
}
