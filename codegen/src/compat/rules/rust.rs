//! The names that Rust sees: two names of a contract that are one in Rust break no code.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// A field or oneof.
pub(super) fn field_name(name: &str) -> String {
    name.to_snake_case()
}

/// A message or enum.
pub(super) fn type_name(name: &str) -> String {
    name.to_upper_camel_case()
}

/// A value of an enum, which loses the name of its enum in front.
pub(super) fn variant(choice: &str, value: &str) -> String {
    let (choice, value) = (type_name(choice), type_name(value));
    match value.strip_prefix(&choice) {
        // What is left must still be a name of a type.
        Some(rest) if rest.starts_with(|first: char| first.is_uppercase()) => rest.to_owned(),
        _ => value,
    }
}
