//! Messages of one type where another's are expected: what the wire and JSON notice, whatever the types are called.
//!
//! Every family is asked about the two as if they were one message before and after. A family that meets fields of two
//! more types asks again; each pair counts once.

use std::cell::RefCell;
use std::collections::BTreeSet;

use prost_reflect::MessageDescriptor;

use super::compare::{Comparison, Drafts};
use super::effect::{Effect, Effects};
use super::rule::Pair;
use super::rules::FAMILIES;

/// The pairs that were looked at since the outermost question; none outside of one.
#[derive(Debug, Default)]
pub(super) struct Structure {
    met: RefCell<Option<BTreeSet<(String, String)>>>,
}

impl Structure {
    /// The effects on wire and JSON where `new` takes the place of `old`. Source has none here.
    pub(super) fn exchanged(
        &self,
        comparison: &Comparison<'_>,
        old: &MessageDescriptor,
        new: &MessageDescriptor,
    ) -> Effects {
        let names = (old.full_name().to_owned(), new.full_name().to_owned());
        let outermost = self.met.borrow().is_none();
        if !self.met.borrow_mut().get_or_insert_default().insert(names) {
            // It is being looked at further out, or was: the worst of all is taken there.
            return Effects::NONE;
        }
        let mut found = Drafts::default();
        for family in FAMILIES {
            (family.message)(comparison, Pair { old, new }, &mut found);
        }
        if outermost {
            self.met.borrow_mut().take();
        }
        let effects = found.0.iter().map(|draft| draft.effects);
        let worst = effects.fold(Effects::NONE, Effects::worst);
        let json = match text_of_its_own(old) || text_of_its_own(new) {
            true if old.full_name() != new.full_name() => Effect::Major,
            _ => worst.json,
        };
        Effects::new(Effect::None, worst.wire, json)
    }
}

/// Whether JSON writes it as something else than an object of its fields.
fn text_of_its_own(message: &MessageDescriptor) -> bool {
    const NAMES: [&str; 16] = [
        "Any",
        "BoolValue",
        "BytesValue",
        "DoubleValue",
        "Duration",
        "FieldMask",
        "FloatValue",
        "Int32Value",
        "Int64Value",
        "ListValue",
        "StringValue",
        "Struct",
        "Timestamp",
        "UInt32Value",
        "UInt64Value",
        "Value",
    ];
    message.package_name() == "google.protobuf" && NAMES.contains(&message.name())
}
