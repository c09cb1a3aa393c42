//! Numbers and names that are given up: reserved in the text, or retired by an earlier release.

use std::collections::HashSet;
use std::ops::Range;

use prost_reflect::{EnumDescriptor, MessageDescriptor};

use super::ranges::{shown, without};
use crate::compat::change::Draft;
use crate::compat::compare::{Declared, Drafts};
use crate::compat::effect::Bump;
use crate::compat::rule::{Family, Pair, Rule};
use crate::compat::terms::Retired;

pub(super) const FAMILY: Family = Family {
    rules: &[&RESERVED_ADDED, &RESERVED_REMOVED],
    pages: include_str!("reserved.md"),
    message: |_, pair, found| {
        let sides = [of_message(pair.old), of_message(pair.new)];
        compare(&pair, pair.new.full_name(), sides, found);
    },
    choice: |_, pair, found| {
        let sides = [of_enum(pair.old), of_enum(pair.new)];
        compare(&pair, pair.new.full_name(), sides, found);
    },
    ..Family::EMPTY
};

static RESERVED_ADDED: Rule = Rule {
    id: "reserved-added",
    title: "a number or name was reserved",
};
static RESERVED_REMOVED: Rule = Rule {
    id: "reserved-removed",
    title: "a number or name is no longer reserved",
};

/// What of a new declaration some release before had for another.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reuse {
    pub(super) number: bool,
    pub(super) name: bool,
}

impl Reuse {
    /// Of what earlier releases retired.
    pub(super) fn of(
        retired: Option<&Retired>,
        number: Option<i32>,
        is_name: impl Fn(&str) -> bool,
    ) -> Self {
        retired.map_or_else(Self::default, |retired| Self {
            number: number.is_some_and(|number| retired.numbers.contains(&number)),
            name: retired.names.iter().any(|name| is_name(name)),
        })
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            number: self.number || other.number,
            name: self.name || other.name,
        }
    }

    /// Which of both it is, if any.
    pub(super) fn title(self, name: &str, number: impl std::fmt::Display) -> Option<String> {
        match (self.number, self.name) {
            (true, true) => Some(format!("the retired number {number} and name `{name}`")),
            (true, false) => Some(format!("the retired number {number}")),
            (false, true) => Some(format!("the retired name `{name}`")),
            (false, false) => None,
        }
    }
}

/// What a declaration has given up, and what it holds.
struct Reserve {
    numbers: Vec<Range<i64>>,
    names: Vec<String>,
    held_numbers: Vec<Range<i64>>,
    held_names: HashSet<String>,
    /// The numbers of the descriptor's parts that hold the two.
    parts: [i32; 2],
}

fn of_message(message: &MessageDescriptor) -> Reserve {
    let numbers = message.reserved_ranges();
    let fields = message.fields().map(|field| i64::from(field.number()));
    Reserve {
        numbers: numbers
            .map(|range| i64::from(range.start)..i64::from(range.end))
            .collect(),
        names: message.reserved_names().map(str::to_owned).collect(),
        held_numbers: fields.map(|number| number..number + 1).collect(),
        held_names: message
            .fields()
            .map(|field| field.name().to_owned())
            .collect(),
        parts: [9, 10],
    }
}

fn of_enum(choice: &EnumDescriptor) -> Reserve {
    let numbers = choice.reserved_ranges();
    let values = choice.values().map(|value| i64::from(value.number()));
    Reserve {
        numbers: numbers
            .map(|range| i64::from(*range.start())..i64::from(*range.end()) + 1)
            .collect(),
        names: choice.reserved_names().map(str::to_owned).collect(),
        held_numbers: values.map(|number| number..number + 1).collect(),
        held_names: choice
            .values()
            .map(|value| value.name().to_owned())
            .collect(),
        parts: [4, 5],
    }
}

fn compare<T: Declared>(
    pair: &Pair<'_, T>,
    name: &str,
    [old, new]: [Reserve; 2],
    found: &mut Drafts,
) {
    let sides = Sides { pair, name };
    let [reserved_before, reserved_after] =
        [&old, &new].map(|side| side.names.iter().collect::<HashSet<_>>());
    // What is now held is found where it is added.
    let mut kept = new.numbers.clone();
    kept.extend(new.held_numbers.iter().cloned());
    for (at, range) in old.numbers.iter().enumerate() {
        for gone in without(range, &kept) {
            found.add(sides.removed(&shown(&gone), &[old.parts[0], index(at)]));
        }
    }
    for (at, name) in old.names.iter().enumerate() {
        if !reserved_after.contains(name) && !new.held_names.contains(name) {
            found.add(sides.removed(&format!("name `{name}`"), &[old.parts[1], index(at)]));
        }
    }
    for (at, range) in new.numbers.iter().enumerate() {
        for fresh in without(range, &old.numbers) {
            found.add(sides.added(&shown(&fresh), &[new.parts[0], index(at)]));
        }
    }
    for (at, name) in new.names.iter().enumerate() {
        if !reserved_before.contains(name) {
            found.add(sides.added(&format!("name `{name}`"), &[new.parts[1], index(at)]));
        }
    }
}

/// The index of a part in its list.
fn index(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}

/// The declaration that reserves.
struct Sides<'a, T> {
    pair: &'a Pair<'a, T>,
    name: &'a str,
}

impl<T: Declared> Sides<'_, T> {
    fn added(&self, what: &str, part: &[i32]) -> Draft {
        let new = self.pair.new;
        let verb = if what.starts_with("numbers") {
            "were"
        } else {
            "was"
        };
        let text = format!("{what} {verb} reserved");
        Draft::new(&RESERVED_ADDED, new.owner(), self.name, text)
            .bump(Bump::Patch)
            .new_site(new.site().part(part))
            .note("it can no longer be taken by mistake")
    }

    fn removed(&self, what: &str, part: &[i32]) -> Draft {
        let new = self.pair.new;
        let verb = if what.starts_with("numbers") {
            "are"
        } else {
            "is"
        };
        let text = format!("{what} {verb} no longer reserved");
        Draft::new(&RESERVED_REMOVED, new.owner(), self.name, text)
            .bump(Bump::Major)
            .old(self.pair.old.site().part(part))
            .new_site(new.site().part(&[1]))
            .note("nobody notices today, but a later field can take it and be read as what it was before")
            .instead("keep what is reserved for ever")
    }
}
