//! Values of options, read and compared across two contracts: their descriptors are never the same.

use prost_reflect::{DynamicMessage, EnumDescriptor, Kind, ReflectMessage, Value};

/// The value of the option of this full name: somebody's extension, or one of protobuf's own
/// (`google.protobuf.FileOptions.go_package`).
pub(super) fn option(options: &DynamicMessage, name: &str) -> Option<Value> {
    let kind = options.descriptor();
    if let Some(extension) = kind.get_extension_by_full_name(name) {
        let is_set = options.has_extension(&extension);
        return is_set.then(|| options.get_extension(&extension).into_owned());
    }
    let short = name.strip_prefix(kind.full_name())?.strip_prefix('.')?;
    let field = kind.get_field_by_name(short)?;
    let is_set = options.has_field(&field);
    is_set.then(|| options.get_field(&field).into_owned())
}

/// The message that the option of this full name is, where it is set.
pub(super) fn group(options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    match option(options, name)? {
        Value::Message(message) => Some(message),
        _ => None,
    }
}

/// Whether two values are equal, those in messages by the names of their fields.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Message(one), Value::Message(other)) => {
            let (one, other) = (parts(one), parts(other));
            one.len() == other.len()
                && one
                    .iter()
                    .zip(&other)
                    .all(|((name, one), (also, other))| name == also && same(one, other))
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            let found = |(key, value)| other.get(key).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(found)
        }
        (Value::F32(one), Value::F32(other)) => one.to_bits() == other.to_bits(),
        (Value::F64(one), Value::F64(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    }
}

/// What is set in a message, by full name.
fn parts(message: &DynamicMessage) -> Vec<(String, &Value)> {
    let fields = message.fields();
    let fields = fields.map(|(field, value)| (field.full_name().to_owned(), value));
    let extensions = message.extensions();
    let extensions = extensions.map(|(field, value)| (field.full_name().to_owned(), value));
    let mut parts: Vec<_> = fields.chain(extensions).collect();
    parts.sort_by(|(one, _), (other, _)| one.cmp(other));
    parts
}

/// A value as a contract writes it.
pub(super) fn shown(value: &Value, kind: &Kind) -> String {
    match value {
        Value::String(text) => format!("\"{text}\""),
        Value::Bool(value) => value.to_string(),
        Value::I32(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::U32(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::F32(value) => value.to_string(),
        Value::F64(value) => value.to_string(),
        Value::EnumNumber(number) => named(*number, kind.as_enum()),
        Value::List(values) => {
            let values: Vec<_> = values.iter().map(|value| shown(value, kind)).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Bytes(_) | Value::Map(_) | Value::Message(_) => "{ … }".to_owned(),
    }
}

fn named(number: i32, choice: Option<&EnumDescriptor>) -> String {
    let value = choice.and_then(|choice| choice.get_value(number));
    value.map_or_else(|| number.to_string(), |value| value.name().to_owned())
}
