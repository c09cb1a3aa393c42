//! A field that could have stayed, with the new one beside it: the change that breaks nobody in the place of one that does.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::change::{Location, Site};
use super::compare::{Comparison, Declared};

/// Where a field that was changed stands in both texts, and the number that another one beside it could have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// The declaration as it was, in the old text.
    pub old: Location,
    /// The declaration as it is, in the new text.
    pub new: Location,
    /// A number that nothing in this message has ever had.
    pub number: u32,
}

/// The same before the places are looked up.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    old: Site,
    new: Site,
    number: u32,
}

/// What protobuf keeps for itself.
const RESERVED: Range<u32> = 19_000..20_000;
/// The highest number that a field can have.
const HIGHEST: u32 = (1 << 29) - 1;

impl Draft {
    /// What it takes to keep `old` beside `new`. Nothing for a group, which declares a message as well.
    pub(super) fn of(
        comparison: &Comparison<'_>,
        old: &FieldDescriptor,
        new: &FieldDescriptor,
    ) -> Option<Self> {
        if old.is_group() || new.is_group() {
            return None;
        }
        let number = comparison.spare_number(old.parent_message(), new.parent_message())?;
        Some(Self {
            old: old.site(),
            new: new.site(),
            number,
        })
    }

    pub(super) fn located(&self, comparison: &Comparison<'_>) -> Beside {
        Beside {
            old: comparison.old.locate(&self.old),
            new: comparison.new.locate(&self.new),
            number: self.number,
        }
    }
}

/// By the full names of a message before and after.
pub(super) type Spare = RefCell<HashMap<[String; 2], Option<u32>>>;

impl Comparison<'_> {
    /// A number that nothing in a message has ever had, looked for once in each.
    fn spare_number(&self, old: &MessageDescriptor, new: &MessageDescriptor) -> Option<u32> {
        let names = [old, new].map(|message| message.full_name().to_owned());
        if let Some(known) = self.spare.borrow().get(&names) {
            return *known;
        }
        let retired = self.terms.retired.get(old.full_name());
        let retired = retired.into_iter().flat_map(|retired| &retired.numbers);
        let retired = retired.filter_map(|number| u32::try_from(*number).ok());
        let highest = [old, new].into_iter().flat_map(taken).chain(retired).max();
        let number = match highest.unwrap_or_default().saturating_add(1) {
            number if RESERVED.contains(&number) => Some(RESERVED.end),
            number => (number <= HIGHEST).then_some(number),
        };
        self.spare.borrow_mut().insert(names, number);
        number
    }
}

fn taken(message: &MessageDescriptor) -> Vec<u32> {
    let fields = message.fields().map(|field| field.number());
    let ranges = message.reserved_ranges().chain(message.extension_ranges());
    // A range up to the highest number there is leaves room below it.
    let ends = ranges
        .map(|range| range.end.saturating_sub(1))
        .filter(|last| *last < HIGHEST);
    fields.chain(ends).collect()
}
