//! Random contracts, and random messages of them.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, OneofDescriptorProto,
    ServiceDescriptorProto,
};

use crate::mutation::SCALARS;
use crate::random::Random;

const PACKAGE: &str = "acme.v1";
const MESSAGES: usize = 4;

/// A contract of one file: a service whose methods reach all but the last of a few messages, and an enum.
pub(crate) fn contract(random: &mut Random) -> FileDescriptorSet {
    let messages = (0..MESSAGES).map(|index| message(index, random)).collect();
    let method = |name: &str, input: usize, output: usize| MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(type_name(input)),
        output_type: Some(type_name(output)),
        ..MethodDescriptorProto::default()
    };
    let file = FileDescriptorProto {
        name: Some("acme/v1/a.proto".to_owned()),
        package: Some(PACKAGE.to_owned()),
        syntax: Some("proto3".to_owned()),
        message_type: messages,
        enum_type: vec![choice()],
        service: vec![ServiceDescriptorProto {
            name: Some("S".to_owned()),
            method: vec![method("Do", 0, 1), method("Undo", 1, 2)],
            options: None,
        }],
        ..FileDescriptorProto::default()
    };
    FileDescriptorSet { file: vec![file] }
}

fn type_name(index: usize) -> String {
    format!(".{PACKAGE}.M{index}")
}

fn choice() -> EnumDescriptorProto {
    let value = |(number, name): (i32, &str)| EnumValueDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        options: None,
    };
    EnumDescriptorProto {
        name: Some("Choice".to_owned()),
        value: [(0, "NOTHING"), (1, "SOME"), (2, "MORE"), (7, "ALL")]
            .map(value)
            .to_vec(),
        ..EnumDescriptorProto::default()
    }
}

/// Its fields may hold the messages before it.
fn message(index: usize, random: &mut Random) -> DescriptorProto {
    let mut message = DescriptorProto {
        name: Some(format!("M{index}")),
        ..DescriptorProto::default()
    };
    let in_oneof = random.below(3);
    if in_oneof > 0 {
        message.oneof_decl.push(OneofDescriptorProto {
            name: Some("either".to_owned()),
            options: None,
        });
    }
    let mut number = 0;
    for place in 0..2 + random.below(6) {
        number += 1 + i32::try_from(random.below(3)).expect("small");
        let mut field = field(place, number, index, random);
        if place < in_oneof {
            field.set_label(Label::Optional);
            field.oneof_index = Some(0);
        }
        message.field.push(field);
    }
    if in_oneof == 0 && random.coin() {
        map(&mut message, number + 1, random);
    }
    message
}

fn field(place: usize, number: i32, index: usize, random: &mut Random) -> FieldDescriptorProto {
    let label = if random.below(4) == 0 {
        Label::Repeated
    } else {
        Label::Optional
    };
    let mut field = FieldDescriptorProto {
        name: Some(format!("f{place}")),
        json_name: Some(format!("f{place}")),
        number: Some(number),
        label: Some(label.into()),
        ..FieldDescriptorProto::default()
    };
    match random.below(8) {
        0 if index > 0 => {
            field.set_type(Type::Message);
            field.type_name = Some(type_name(random.below(index)));
        }
        1 => {
            field.set_type(Type::Enum);
            field.type_name = Some(format!(".{PACKAGE}.Choice"));
        }
        _ => field.set_type(*random.pick(SCALARS).expect("there are scalars")),
    }
    field
}

fn map(message: &mut DescriptorProto, number: i32, random: &mut Random) {
    let of = |name: &str, number: i32, of: Type| FieldDescriptorProto {
        name: Some(name.to_owned()),
        json_name: Some(name.to_owned()),
        number: Some(number),
        label: Some(Label::Optional.into()),
        r#type: Some(of.into()),
        ..FieldDescriptorProto::default()
    };
    message.nested_type.push(DescriptorProto {
        name: Some("NamesEntry".to_owned()),
        field: vec![
            of("key", 1, Type::String),
            of(
                "value",
                2,
                *random.pick(SCALARS).expect("there are scalars"),
            ),
        ],
        options: Some(prost_types::MessageOptions {
            map_entry: Some(true),
            ..Default::default()
        }),
        ..DescriptorProto::default()
    });
    message.field.push(FieldDescriptorProto {
        label: Some(Label::Repeated.into()),
        r#type: Some(Type::Message.into()),
        type_name: Some(format!(".{PACKAGE}.{}.NamesEntry", message.name())),
        ..of("names", number, Type::Message)
    });
}

/// A message with most of its fields set.
pub(crate) fn filled(descriptor: &MessageDescriptor, random: &mut Random) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        if random.below(5) > 0 {
            message.set_field(&field, value(&field, random));
        }
    }
    message
}

fn value(field: &FieldDescriptor, random: &mut Random) -> Value {
    if let Kind::Message(entry) = field.kind()
        && field.is_map()
    {
        let (key, of) = (random.next().to_string(), entry.map_entry_value_field());
        return Value::Map([(MapKey::String(key), single(&of.kind(), random))].into());
    }
    match field.is_list() {
        true => Value::List(
            (0..random.below(4))
                .map(|_| single(&field.kind(), random))
                .collect(),
        ),
        false => single(&field.kind(), random),
    }
}

/// Boundary values among others, as far as a type has them.
fn single(kind: &Kind, random: &mut Random) -> Value {
    let bits = match random.below(4) {
        0 => u64::MAX,
        1 => random.next() % 100,
        2 => 1 << random.below(64),
        _ => random.next(),
    };
    let [signed, short] = [bits.cast_signed(), i64::from(low(bits).cast_signed())];
    match kind {
        Kind::Double => Value::F64(f64::from(low(bits)) / 8.0),
        Kind::Float => Value::F32(f32::from(low(bits) as u16) / 8.0),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(low(bits).cast_signed()),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            Value::I64(if random.coin() { signed } else { short })
        }
        Kind::Uint32 | Kind::Fixed32 => Value::U32(low(bits)),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(bits),
        Kind::Bool => Value::Bool(random.coin()),
        Kind::String => Value::String(format!("\u{e9}{bits}")),
        Kind::Bytes => Value::Bytes(bits.to_le_bytes().to_vec().into()),
        // Open: also a number that nobody has named.
        Kind::Enum(_) => Value::EnumNumber(i32::try_from(random.below(9)).expect("small")),
        Kind::Message(message) => Value::Message(filled(message, random)),
    }
}

fn low(bits: u64) -> u32 {
    u32::try_from(bits & u64::from(u32::MAX)).expect("32 bits")
}
