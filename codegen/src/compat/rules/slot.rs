//! What fields of messages and extensions have in common, so that one rule looks at both.

use prost_reflect::prost_types::FieldDescriptorProto;
use prost_reflect::{Cardinality, ExtensionDescriptor, FieldDescriptor, Kind, Syntax, Value};

use crate::compat::change::{Draft, Owner, Site};
use crate::compat::compare::Declared;
use crate::compat::rule::{Pair, Rule};

/// A field of a message, or an extension.
#[derive(Clone, Copy)]
pub(super) enum Slot<'a> {
    Field(&'a FieldDescriptor),
    Extension(&'a ExtensionDescriptor),
}

/// How many values there may be, and whether none is told from the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arity {
    Implicit,
    Explicit,
    Required,
    Repeated,
    Map,
}

macro_rules! delegate {
    ($($(#[$doc:meta])* $name:ident: $output:ty = |$it:ident| $body:expr;)*) => {$(
        $(#[$doc])*
        pub(super) fn $name(&self) -> $output {
            match self {
                Self::Field($it) => $body,
                Self::Extension($it) => $body,
            }
        }
    )*};
}

impl Slot<'_> {
    delegate! {
        name: &str = |it| it.name();
        full_name: &str = |it| it.full_name();
        number: u32 = |it| it.number();
        kind: Kind = |it| it.kind();
        is_group: bool = |it| it.is_group();
        proto: &FieldDescriptorProto = |it| it.field_descriptor_proto();
        default_value: Value = |it| it.default_value();
        site: Site = |it| it.site();
        owner: Owner = |it| it.owner();
        syntax: Syntax = |it| it.parent_file().syntax();
    }

    pub(super) fn arity(&self) -> Arity {
        let (cardinality, is_map, is_explicit) = match self {
            Self::Field(it) => (it.cardinality(), it.is_map(), it.supports_presence()),
            Self::Extension(it) => (it.cardinality(), it.is_map(), it.supports_presence()),
        };
        match cardinality {
            Cardinality::Required => Arity::Required,
            Cardinality::Repeated if is_map => Arity::Map,
            Cardinality::Repeated => Arity::Repeated,
            Cardinality::Optional if is_explicit => Arity::Explicit,
            Cardinality::Optional => Arity::Implicit,
        }
    }

    /// Whether the values of a list are one value on the wire. The descriptor says so without having read the option.
    pub(super) fn is_packed(&self) -> bool {
        let is_packable = !matches!(self.kind(), Kind::String | Kind::Bytes | Kind::Message(_));
        let options = self.proto().options.as_ref();
        let said = options.and_then(|options| options.packed);
        is_packable && said.unwrap_or_else(|| self.syntax() != Syntax::Proto2)
    }

    /// Whether it is an arm of a oneof that someone wrote.
    pub(super) fn is_arm(&self) -> bool {
        match self {
            Self::Field(field) => field
                .containing_oneof()
                .is_some_and(|oneof| !oneof.is_synthetic()),
            Self::Extension(_) => false,
        }
    }

    /// The full names of the types of a map's keys and values.
    pub(super) fn entry(&self) -> Option<(Kind, Kind)> {
        let kind = self.kind();
        let message = kind.as_message().filter(|message| message.is_map_entry())?;
        let (key, value) = (
            message.map_entry_key_field(),
            message.map_entry_value_field(),
        );
        Some((key.kind(), value.kind()))
    }

    /// How a message calls it.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Field(_) => format!("field `{}`", self.name()),
            Self::Extension(_) => format!("extension `{}`", self.full_name()),
        }
    }
}

/// A change of what both sides have, shown at the same part of each.
pub(super) fn changed(
    rule: &'static Rule,
    pair: &Pair<'_, Slot<'_>>,
    part: &[i32],
    what: &str,
) -> Draft {
    let message = format!("{} {what}", pair.old.title());
    Draft::new(rule, pair.new.owner(), pair.old.full_name(), message)
        .old(pair.old.site().part(part))
        .new_site(pair.new.site().part(part))
}
