//! What is said to leave the wire or JSON alone is tried: messages go to the other side and come back as they went.
//!
//! Every case of every page and of the corpus is tried that says so of messages which are in both contracts. A value of
//! each kind goes in each field by itself, and in all of them together.

use couplet_codegen::compat::{Contract, Effect, Terms, diff, pages};
use prost_reflect::prost::Message;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor, Syntax, Value,
};

use crate::contracts::{Files, contract, verdict};
use crate::{corpus, pages};

/// How deep a message within a message is filled.
const DEPTH: usize = 2;

#[test]
fn what_leaves_the_wire_or_json_alone_keeps_every_message() {
    let (mut wire, mut json) = (0, 0);
    let mut tried = |name: &str, old: &Files, new: &Files| {
        let (Ok(old), Ok(new)) = (contract(old), contract(new)) else {
            panic!("{name} does not compile");
        };
        // What no service reaches counts for nothing where there is one.
        if old.pool().services().chain(new.pool().services()).count() > 0 {
            return;
        }
        let effects = verdict(&diff(&old, &new, &Terms::default())).effects;
        for (sent, read) in messages(&old, &new) {
            if effects.wire == Effect::None {
                wire += both_ways(name, &sent, &read, binary);
            }
            if effects.json == Effect::None && !has_aliases(&old) && !has_aliases(&new) {
                json += both_ways(name, &sent, &read, text);
            }
        }
    };
    for page in pages() {
        for case in pages::cases(page.text) {
            let (old, new) = pages::sides(case.diff);
            tried(&format!("{}, {}", page.rule.id, case.heading), &old, &new);
        }
    }
    for case in corpus::cases() {
        tried(&case.name, &case.old, &case.new);
    }
    assert!(wire > 200 && json > 200, "{wire} in binary, {json} in JSON");
}

/// The messages that are in both.
fn messages(old: &Contract, new: &Contract) -> Vec<(MessageDescriptor, MessageDescriptor)> {
    let kept = old
        .files()
        .flat_map(|file| file.messages().collect::<Vec<_>>());
    kept.filter_map(|old| {
        let new = new.pool().get_message_by_name(old.full_name())?;
        Some((old, new))
    })
    .collect()
}

/// The reader of JSON takes any name of a number for the first one.
fn has_aliases(contract: &Contract) -> bool {
    let mut enums = contract.pool().all_enums();
    enums.any(|choice| {
        let options = choice.enum_descriptor_proto().options.as_ref();
        options.is_some_and(|options| options.allow_alias())
    })
}

/// What goes from one type to another in some format; nothing where it is not understood.
type Pass = fn(&DynamicMessage, &MessageDescriptor) -> Option<DynamicMessage>;

fn binary(message: &DynamicMessage, to: &MessageDescriptor) -> Option<DynamicMessage> {
    let read = DynamicMessage::decode(to.clone(), message.encode_to_vec().as_slice()).ok()?;
    let is_known = read.unknown_fields().next().is_none();
    is_known.then_some(read)
}

fn text(message: &DynamicMessage, to: &MessageDescriptor) -> Option<DynamicMessage> {
    let json = serde_json::to_string(message).ok()?;
    DynamicMessage::deserialize(to.clone(), &mut serde_json::Deserializer::from_str(&json)).ok()
}

/// Sends messages of each side to the other one and back, and says how many.
fn both_ways(name: &str, old: &MessageDescriptor, new: &MessageDescriptor, pass: Pass) -> usize {
    let mut passed = 0;
    for (from, to) in [(old, new), (new, old)] {
        for message in filled(from, DEPTH) {
            // As it is read at home, where what is not told from the default is not set.
            let Some(message) = pass(&message, from) else {
                panic!("{name}: {message} is not read at home");
            };
            let there = pass(&message, to);
            let back = there.as_ref().and_then(|there| pass(there, from));
            assert_eq!(
                back.as_ref(),
                Some(&message),
                "{name}: it is there {there:?}"
            );
            passed += 1;
        }
    }
    passed
}

/// A message for each value of each field, and one that has the last of all.
fn filled(message: &MessageDescriptor, depth: usize) -> Vec<DynamicMessage> {
    let mut all = DynamicMessage::new(message.clone());
    let mut filled = Vec::new();
    for field in message.fields() {
        for value in of_field(&field, depth) {
            let mut one = DynamicMessage::new(message.clone());
            one.set_field(&field, value.clone());
            filled.push(one);
            all.set_field(&field, value);
        }
    }
    filled.push(all);
    filled
}

fn of_field(field: &FieldDescriptor, depth: usize) -> Vec<Value> {
    let kind = field.kind();
    if let Some(entry) = kind.as_message().filter(|message| message.is_map_entry()) {
        let keys = values(&entry.map_entry_key_field().kind(), depth);
        let keys = keys.into_iter().filter_map(key);
        let values = values(&entry.map_entry_value_field().kind(), depth);
        return vec![Value::Map(keys.zip(values).collect())];
    }
    let values = values(&kind, depth);
    match field.is_list() {
        true => vec![Value::List(values)],
        false => values,
    }
}

/// Small ones: that a key is a string in JSON says nothing of its range.
fn key(value: Value) -> Option<MapKey> {
    Some(match value {
        Value::Bool(value) => MapKey::Bool(value),
        Value::I32(value) => MapKey::I32(value.signum()),
        Value::I64(value) => MapKey::I64(value.signum()),
        Value::U32(value) => MapKey::U32(value.min(1)),
        Value::U64(value) => MapKey::U64(value.min(1)),
        Value::String(value) => MapKey::String(value),
        _ => return None,
    })
}

fn values(kind: &Kind, depth: usize) -> Vec<Value> {
    match kind {
        Kind::Double => [0.0, 0.5, -1e300].map(Value::F64).to_vec(),
        Kind::Float => [0.0, 0.5, -1e30].map(Value::F32).to_vec(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            [0, i32::MIN, i32::MAX].map(Value::I32).to_vec()
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            [0, i64::MIN, i64::MAX].map(Value::I64).to_vec()
        }
        Kind::Uint32 | Kind::Fixed32 => [0, u32::MAX].map(Value::U32).to_vec(),
        Kind::Uint64 | Kind::Fixed64 => [0, u64::MAX].map(Value::U64).to_vec(),
        Kind::Bool => [false, true].map(Value::Bool).to_vec(),
        Kind::String => ["", "é"]
            .map(|text| Value::String(text.to_owned()))
            .to_vec(),
        Kind::Bytes => vec![
            Value::Bytes(Vec::new().into()),
            Value::Bytes(vec![0xff].into()),
        ],
        Kind::Enum(choice) => numbers(choice).into_iter().map(Value::EnumNumber).collect(),
        Kind::Message(_) if depth == 0 => Vec::new(),
        Kind::Message(message) => {
            let filled = filled(message, depth - 1).into_iter();
            filled.map(Value::Message).collect()
        }
    }
}

/// What an enum may be: an open one is any number.
fn numbers(choice: &EnumDescriptor) -> Vec<i32> {
    let known = choice.values().map(|value| value.number());
    match choice.parent_file().syntax() {
        Syntax::Proto2 => known.collect(),
        Syntax::Proto3 => known.chain([1000]).collect(),
    }
}
