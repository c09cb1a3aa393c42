//! What it does to put one type in the place of another: their structure decides, and not their names.
//!
//! Every family is asked about the two as if they were one message before and after, then about what is in them, until
//! nothing new is met. Types of one name are left out: what changed in them is found where they are declared.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use prost_reflect::{EnumDescriptor, Kind, MessageDescriptor};

use super::compare::{Comparison, Drafts};
use super::effect::{Effect, Effects};
use super::rule::Pair;
use super::rules::FAMILIES;
use super::rules::types::wrapped;

/// The full names of two messages.
type Names = (String, String);

/// What was asked before, and what is still to be looked at in the exchange that is under way.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    known: RefCell<HashMap<Names, Effects>>,
    next: RefCell<Option<Vec<(MessageDescriptor, MessageDescriptor)>>>,
}

/// Messages whose JSON is not that of their fields.
const SPELLED: [&str; 7] = [
    "google.protobuf.Any",
    "google.protobuf.Duration",
    "google.protobuf.FieldMask",
    "google.protobuf.ListValue",
    "google.protobuf.Struct",
    "google.protobuf.Timestamp",
    "google.protobuf.Value",
];

impl Comparison<'_> {
    /// The effects on wire and JSON where `new` takes the place of `old`.
    ///
    /// Asked from within an exchange it says `none`, and the two are looked at as a part of that one.
    pub(super) fn exchange(&self, old: &MessageDescriptor, new: &MessageDescriptor) -> Effects {
        if old.full_name() == new.full_name() {
            return Effects::NONE;
        }
        if let Some(next) = self.exchanges.next.borrow_mut().as_mut() {
            next.push((old.clone(), new.clone()));
            return Effects::NONE;
        }
        let names = (old.full_name().to_owned(), new.full_name().to_owned());
        if let Some(known) = self.exchanges.known.borrow().get(&names) {
            return *known;
        }
        let (effects, met) = self.structures(old, new);
        let mut known = self.exchanges.known.borrow_mut();
        if effects == Effects::NONE {
            // Nothing differs in all that was met, so nothing does in a part of it.
            known.extend(met.into_iter().map(|names| (names, Effects::NONE)));
        }
        known.insert(names, effects);
        effects
    }

    /// The effects on wire and JSON where the values of `new` take the place of those of `old`.
    pub(super) fn exchange_enums(&self, old: &EnumDescriptor, new: &EnumDescriptor) -> Effects {
        if old.full_name() == new.full_name() {
            return Effects::NONE;
        }
        let mut found = Drafts::default();
        for family in FAMILIES {
            (family.choice)(self, Pair { old, new }, &mut found);
        }
        visible(&found)
    }

    /// The effects of all that is within the two, and every pair that was met there.
    fn structures(
        &self,
        old: &MessageDescriptor,
        new: &MessageDescriptor,
    ) -> (Effects, HashSet<Names>) {
        let mut effects = Effects::NONE;
        let mut seen = HashSet::new();
        let mut next = vec![(old.clone(), new.clone())];
        while let Some((old, new)) = next.pop() {
            let names = (old.full_name().to_owned(), new.full_name().to_owned());
            if !seen.insert(names) {
                continue;
            }
            if !are_alike_in_json(&old, &new) {
                effects.json = Effect::Major;
            }
            let mut found = Drafts::default();
            self.exchanges.next.replace(Some(Vec::new()));
            for family in FAMILIES {
                (family.message)(
                    self,
                    Pair {
                        old: &old,
                        new: &new,
                    },
                    &mut found,
                );
            }
            next.extend(self.exchanges.next.take().unwrap_or_default());
            effects = effects.worst(visible(&found));
        }
        (effects, seen)
    }
}

/// Whether the JSON of both comes from their fields, or both are wrappers, whose JSON is that of their one field.
fn are_alike_in_json(old: &MessageDescriptor, new: &MessageDescriptor) -> bool {
    let kinds = [old, new].map(|message| Kind::Message(message.clone()));
    let is_wrapper = kinds.map(|kind| wrapped(&kind).is_some());
    let is_spelled = [old, new].map(|message| SPELLED.contains(&message.full_name()));
    is_spelled == [false, false] && is_wrapper[0] == is_wrapper[1]
}

/// What peers see of what was found.
fn visible(found: &Drafts) -> Effects {
    let effects = found.0.iter().map(|draft| draft.effects);
    let worst = effects.fold(Effects::NONE, Effects::worst);
    Effects {
        source: Effect::None,
        ..worst
    }
}
