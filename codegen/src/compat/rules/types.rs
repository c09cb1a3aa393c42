//! The types of fields: their names, and what was measured of all pairs of them.
//!
//! `types.txt` is made by a test that writes boundary values as one type and reads them as the other, in binary and in
//! JSON, both ways (`tests/compat/types.rs`).

use prost_reflect::{Kind, Syntax};

use crate::compat::effect::{Effect, Effects};

const MEASURED: &str = include_str!("types.txt");

/// Messages around one scalar. Their JSON is that of the scalar, and in Rust they are an `Option` of it.
const WRAPPERS: [(&str, Kind); 9] = [
    ("google.protobuf.BoolValue", Kind::Bool),
    ("google.protobuf.BytesValue", Kind::Bytes),
    ("google.protobuf.DoubleValue", Kind::Double),
    ("google.protobuf.FloatValue", Kind::Float),
    ("google.protobuf.Int32Value", Kind::Int32),
    ("google.protobuf.Int64Value", Kind::Int64),
    ("google.protobuf.StringValue", Kind::String),
    ("google.protobuf.UInt32Value", Kind::Uint32),
    ("google.protobuf.UInt64Value", Kind::Uint64),
];

/// Messages whose JSON is a text.
const TEXTS: [&str; 3] = [
    "google.protobuf.Duration",
    "google.protobuf.FieldMask",
    "google.protobuf.Timestamp",
];

/// The keyword of a type, or which kind of declaration it names.
pub(super) fn keyword(kind: &Kind) -> &'static str {
    match kind {
        Kind::Double => "double",
        Kind::Float => "float",
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Uint32 => "uint32",
        Kind::Uint64 => "uint64",
        Kind::Sint32 => "sint32",
        Kind::Sint64 => "sint64",
        Kind::Fixed32 => "fixed32",
        Kind::Fixed64 => "fixed64",
        Kind::Sfixed32 => "sfixed32",
        Kind::Sfixed64 => "sfixed64",
        Kind::Bool => "bool",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Enum(_) => "enum",
        Kind::Message(_) => "message",
    }
}

/// A type as it is written: a keyword or a full name.
pub(super) fn shown(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(choice) => choice.full_name().to_owned(),
        _ => keyword(kind).to_owned(),
    }
}

/// What was measured between two types that are not the same.
pub(super) fn measured(old: &Kind, new: &Kind) -> Effects {
    cell(keyword(old), keyword(new)).unwrap_or(Effects::new(
        Effect::Major,
        Effect::Major,
        Effect::Major,
    ))
}

/// The scalar that a wrapper is around.
pub(in crate::compat) fn wrapped(kind: &Kind) -> Option<Kind> {
    let name = kind.as_message()?.full_name();
    let wrapper = WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name);
    wrapper.map(|(_, kind)| kind.clone())
}

/// Whether it is a message that is a text in JSON.
pub(super) fn is_text(kind: &Kind) -> bool {
    let name = kind.as_message().map(|message| message.full_name());
    name.is_some_and(|name| TEXTS.contains(&name))
}

/// Whether it is an enum that knows its own values alone.
pub(super) fn is_closed(kind: &Kind) -> bool {
    kind.as_enum()
        .is_some_and(|choice| choice.parent_file().syntax() == Syntax::Proto2)
}

fn cell(old: &str, new: &str) -> Option<Effects> {
    let mut lines = MEASURED.lines().filter(|line| !line.starts_with('#'));
    let column = lines.next()?.split_whitespace().position(|it| it == new)?;
    let row = lines.find(|line| line.split_whitespace().next() == Some(old))?;
    let cell = row.split_whitespace().nth(column + 1)?;
    let effect = |at: usize| match cell.as_bytes().get(at) {
        Some(b'.') => Effect::None,
        Some(b'c') => Effect::Cond,
        _ => Effect::Major,
    };
    Some(Effects::new(effect(0), effect(1), effect(2)))
}
