//! A contract that was written as a Rust trait, printed as a `.proto` file.

use std::{collections::BTreeSet, fmt::Write, marker::PhantomData};

use prost::Name;

/// A part of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(&'static str),
    /// The name of a message.
    Message(String),
}

/// A message as a method of the trait names it.
#[derive(Debug)]
pub struct Typed<T> {
    name: &'static str,
    message: PhantomData<fn() -> T>,
}

/// A message that knows its name in its own contract. Where a type is no such message, [`Unnamed`] is the only one in
/// reach of `part`.
pub trait Named {
    /// Its full name.
    fn part(self) -> Part;
}

/// Any message.
pub trait Unnamed {
    /// The name of its Rust type.
    fn part(&self) -> Part;
}

impl<T> Typed<T> {
    /// A message whose Rust type is called `name`.
    pub fn new(name: &'static str) -> Self {
        let message = PhantomData;
        Self { name, message }
    }
}

impl<T: Name> Named for Typed<T> {
    fn part(self) -> Part {
        Part::Message(T::full_name())
    }
}

impl<T> Unnamed for Typed<T> {
    fn part(&self) -> Part {
        Part::Message(self.name.to_owned())
    }
}

/// The text of the file: `head`, the imports of messages that every language has, the parts, and which definitions are
/// missing.
pub fn file(head: &str, parts: &[Part]) -> String {
    let names: BTreeSet<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Message(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
        .collect();
    let imports: BTreeSet<&str> = names.iter().filter_map(|name| import(name)).collect();

    let mut text = head.to_owned();
    for import in imports {
        let _ = writeln!(text, "import \"google/protobuf/{import}.proto\";");
    }
    for part in parts {
        text.push_str(match part {
            Part::Text(part) => part,
            Part::Message(name) => name,
        });
    }
    let mut missing = names
        .iter()
        .filter(|name| import(name).is_none())
        .peekable();
    if missing.peek().is_some() {
        text.push_str("\n// The trait does not know the fields of these messages: define them here, or import them.\n");
    }
    for name in missing {
        let _ = writeln!(text, "//   {name}");
    }
    text
}

/// The file of a message that comes with every protobuf compiler.
fn import(name: &str) -> Option<&'static str> {
    Some(match name.strip_prefix("google.protobuf.")? {
        "Any" => "any",
        "Duration" => "duration",
        "Empty" => "empty",
        "FieldMask" => "field_mask",
        "ListValue" | "Struct" | "Value" => "struct",
        "Timestamp" => "timestamp",
        "BoolValue" | "BytesValue" | "DoubleValue" | "FloatValue" | "Int32Value" | "Int64Value"
        | "StringValue" | "UInt32Value" | "UInt64Value" => "wrappers",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Named as _, Part, Typed, Unnamed as _, file};

    struct Plain;

    #[test]
    fn a_message_is_called_as_its_contract_calls_it_or_else_as_its_type() {
        let name = |part| match part {
            Part::Message(name) => name,
            Part::Text(_) => unreachable!("it is a message"),
        };
        assert_eq!(name(Typed::<()>::new("()").part()), "google.protobuf.Empty");
        let stamp = Typed::<prost_types::Timestamp>::new("Timestamp").part();
        assert_eq!(name(stamp), "google.protobuf.Timestamp");
        assert_eq!(name(Typed::<Plain>::new("Plain").part()), "Plain");
    }

    #[test]
    fn what_every_language_has_is_imported_and_the_rest_is_named() {
        let parts = [
            Part::Message("google.protobuf.Empty".to_owned()),
            Part::Text(" and "),
            Part::Message("Movie".to_owned()),
        ];
        assert_eq!(
            file("head;\n", &parts),
            "head;\nimport \"google/protobuf/empty.proto\";\ngoogle.protobuf.Empty and Movie\n\
             // The trait does not know the fields of these messages: define them here, or import them.\n\
             //   Movie\n"
        );
    }
}
