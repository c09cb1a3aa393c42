//! What a rule is: a name that stays, a page that explains it, and the family that looks for it.

use prost_reflect::{EnumDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor};

use super::compare::{Comparison, Drafts};

/// One rule of compatibility.
#[derive(Debug)]
pub struct Rule {
    /// Its name, in kebab case: in messages, in `history.toml` and of its page. It stays.
    pub id: &'static str,
    /// What it says happened, in one line.
    pub title: &'static str,
}

/// Two declarations that are one, before and after.
pub(super) struct Pair<'a, T> {
    pub(super) old: &'a T,
    pub(super) new: &'a T,
}

/// The rules about one thing, what looks for them, and the pages about them with their cases.
pub(super) struct Family {
    /// Every rule of this family.
    pub(super) rules: &'static [&'static Rule],
    /// One page a rule, see `pages`.
    pub(super) pages: &'static str,
    /// Looks at both contracts as a whole: what is gone, what is new.
    pub(super) contract: fn(&Comparison<'_>, &mut Drafts),
    /// Looks at a message that is in both. Also asked of two messages of different names that are to be exchanged.
    pub(super) message: fn(&Comparison<'_>, Pair<'_, MessageDescriptor>, &mut Drafts),
    /// Looks at an enum that is in both.
    pub(super) choice: fn(&Comparison<'_>, Pair<'_, EnumDescriptor>, &mut Drafts),
    /// Looks at a service that is in both.
    pub(super) service: fn(&Comparison<'_>, Pair<'_, ServiceDescriptor>, &mut Drafts),
    /// Looks at a method that is in both.
    pub(super) method: fn(&Comparison<'_>, Pair<'_, MethodDescriptor>, &mut Drafts),
}

impl Family {
    /// A family that looks at nothing.
    pub(super) const EMPTY: Self = Self {
        rules: &[],
        pages: "",
        contract: |_, _| {},
        message: |_, _, _| {},
        choice: |_, _, _| {},
        service: |_, _, _| {},
        method: |_, _, _| {},
    };
}
