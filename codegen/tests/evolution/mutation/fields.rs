//! Changes of fields and of what stands beside them in a message.

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet, OneofDescriptorProto};

use super::Mutation;
use crate::places::{message, messages};
use crate::random::Random;

pub(super) const MUTATIONS: &[Mutation] = &[
    ("delete a field", |set, file, random| {
        field(set, file, random, |message, index, _| {
            let field = message.field.remove(index);
            Some(format!("{} deleted", field.name()))
        })
    }),
    ("delete a field and reserve it", |set, file, random| {
        field(set, file, random, |message, index, _| {
            let field = message.field.remove(index);
            message.reserved_name.push(field.name().to_owned());
            let range = prost_types::descriptor_proto::ReservedRange {
                start: field.number,
                end: Some(field.number() + 1),
            };
            message.reserved_range.push(range);
            Some(format!("{} deleted and reserved", field.name()))
        })
    }),
    ("rename a field", |set, file, random| {
        field(set, file, random, |message, index, _| {
            let field = &mut message.field[index];
            // The entry of a map has its field's name.
            if field.type_name().ends_with("Entry") {
                return None;
            }
            let old = field.name().to_owned();
            field.name = Some(format!("{old}_renamed"));
            field.json_name = Some(camel(field.name()));
            Some(format!("{old} renamed"))
        })
    }),
    ("renumber a field", |set, file, random| {
        field(set, file, random, |message, index, _| {
            let free = free(message)?;
            message.field[index].number = Some(free);
            Some(format!("{} renumbered", message.field[index].name()))
        })
    }),
    ("swap two numbers", |set, file, random| {
        field(set, file, random, |message, index, random| {
            let other = random.below(message.field.len());
            let (one, two) = (message.field[index].number, message.field[other].number);
            message.field[index].number = two;
            message.field[other].number = one;
            (one != two).then(|| format!("numbers of {} swapped", message.name()))
        })
    }),
    ("change a type", |set, file, random| {
        field(set, file, random, |message, index, random| {
            let field = &mut message.field[index];
            let new = *random.pick(SCALARS)?;
            let scalar = !matches!(field.r#type(), Type::Message | Type::Enum | Type::Group);
            let plain = field.default_value.is_none() && field.options.is_none();
            if !scalar || !plain || field.r#type() == new {
                return None;
            }
            let text = format!("{} from {:?} to {new:?}", field.name(), field.r#type());
            field.set_type(new);
            Some(text)
        })
    }),
    ("make a field repeated, or singular", |set, file, random| {
        field(set, file, random, |message, index, _| {
            let field = &mut message.field[index];
            let plain = field.oneof_index.is_none()
                && field.default_value.is_none()
                && field.options.is_none();
            let map = field.r#type() == Type::Message && field.type_name().ends_with("Entry");
            if !plain || map || field.label() == Label::Required {
                return None;
            }
            let to = match field.label() {
                Label::Repeated => Label::Optional,
                _ => Label::Repeated,
            };
            field.set_label(to);
            Some(format!("{} is {to:?}", field.name()))
        })
    }),
    ("move a field into a new oneof", |set, file, random| {
        field(set, file, random, |message, index, _| {
            let field = &message.field[index];
            if field.oneof_index.is_some()
                || field.label() != Label::Optional
                || field.default_value.is_some()
            {
                return None;
            }
            let text = format!("{} into a oneof", field.name());
            // Synthetic oneofs stand behind all others.
            for field in &mut message.field {
                field.oneof_index = field.oneof_index.map(|index| index + 1);
            }
            let oneof = OneofDescriptorProto {
                name: Some("moved_here".to_owned()),
                options: None,
            };
            message.oneof_decl.insert(0, oneof);
            message.field[index].oneof_index = Some(0);
            Some(text)
        })
    }),
    ("move a field out of a oneof", |set, file, random| {
        field(set, file, random, |message, index, _| {
            let field = &mut message.field[index];
            if field.oneof_index.is_none() || field.proto3_optional() {
                return None;
            }
            field.oneof_index = None;
            // The fields of a oneof stand together.
            message.field[..=index].rotate_right(1);
            Some(format!("{} out of its oneof", message.field[0].name()))
        })
    }),
    ("rename a oneof", |set, file, random| {
        in_message(set, file, random, |message, _| {
            let synthetic = message.field.iter().any(|field| field.proto3_optional());
            let oneof = message.oneof_decl.first_mut().filter(|_| !synthetic)?;
            let old = oneof.name().to_owned();
            oneof.name = Some(format!("{old}_renamed"));
            Some(format!("oneof {old} renamed"))
        })
    }),
    ("give a field another JSON name", |set, file, random| {
        field(set, file, random, |message, index, _| {
            let field = &mut message.field[index];
            field.json_name = Some(format!("{}Too", camel(field.name())));
            Some(format!("{} has another JSON name", field.name()))
        })
    }),
    ("add a field", |set, file, random| {
        in_message(set, file, random, |message, _| {
            let number = free(message)?;
            message.field.push(FieldDescriptorProto {
                name: Some("added_here".to_owned()),
                json_name: Some("addedHere".to_owned()),
                number: Some(number),
                label: Some(Label::Optional.into()),
                r#type: Some(Type::String.into()),
                ..FieldDescriptorProto::default()
            });
            Some(format!("a field added to {}", message.name()))
        })
    }),
    ("reorder fields", |set, file, random| {
        in_message(set, file, random, |message, _| {
            let plain = message.oneof_decl.is_empty() && message.field.len() > 1;
            plain.then(|| {
                message.field.reverse();
                format!("the fields of {} reversed", message.name())
            })
        })
    }),
    ("delete a reservation", |set, file, random| {
        in_message(set, file, random, |message, _| {
            let range = message.reserved_range.pop()?;
            Some(format!(
                "{:?} no longer reserved in {}",
                range.start,
                message.name()
            ))
        })
    }),
    ("reserve a number", |set, file, random| {
        in_message(set, file, random, |message, _| {
            let number = free(message)?;
            message
                .reserved_range
                .push(prost_types::descriptor_proto::ReservedRange {
                    start: Some(number),
                    end: Some(number + 1),
                });
            Some(format!("{number} reserved in {}", message.name()))
        })
    }),
    ("deprecate a field", |set, file, random| {
        field(set, file, random, |message, index, _| {
            let field = &mut message.field[index];
            let options = field.options.get_or_insert_default();
            options.deprecated = Some(!options.deprecated());
            Some(format!("{} deprecated, or not", field.name()))
        })
    }),
];

pub(crate) const SCALARS: &[Type] = &[
    Type::Double,
    Type::Float,
    Type::Int32,
    Type::Int64,
    Type::Uint32,
    Type::Uint64,
    Type::Sint32,
    Type::Sint64,
    Type::Fixed32,
    Type::Fixed64,
    Type::Sfixed32,
    Type::Sfixed64,
    Type::Bool,
    Type::String,
    Type::Bytes,
];

fn in_message(
    set: &mut FileDescriptorSet,
    file: usize,
    random: &mut Random,
    change: impl FnOnce(&mut DescriptorProto, &mut Random) -> Option<String>,
) -> Option<String> {
    let file = &mut set.file[file];
    let ways = messages(file);
    let message = message(file, random.pick(&ways)?);
    let said = change(message, random)?;
    drop_empty_oneofs(message);
    Some(said)
}

fn field(
    set: &mut FileDescriptorSet,
    file: usize,
    random: &mut Random,
    change: impl FnOnce(&mut DescriptorProto, usize, &mut Random) -> Option<String>,
) -> Option<String> {
    in_message(set, file, random, |message, random| {
        let index = match message.field.len() {
            0 => return None,
            length => random.below(length),
        };
        change(message, index, random)
    })
}

/// A oneof that lost its last field is none.
fn drop_empty_oneofs(message: &mut DescriptorProto) {
    let mut index = 0;
    while index < message.oneof_decl.len() {
        let number = i32::try_from(index).expect("few oneofs");
        if message
            .field
            .iter()
            .any(|field| field.oneof_index == Some(number))
        {
            index += 1;
            continue;
        }
        message.oneof_decl.remove(index);
        for field in &mut message.field {
            field.oneof_index = field
                .oneof_index
                .map(|other| if other > number { other - 1 } else { other });
        }
    }
}

/// A number that nothing in the message has a use for.
fn free(message: &DescriptorProto) -> Option<i32> {
    let taken = message.field.iter().map(FieldDescriptorProto::number);
    let reserved = message.reserved_range.iter().map(|range| range.end());
    let extensions = message.extension_range.iter().map(|range| range.end());
    let most = taken.chain(reserved).chain(extensions).max().unwrap_or(0);
    (most < 1_000_000).then_some(if (18_000..20_000).contains(&most) {
        20_001
    } else {
        most + 1
    })
}

fn camel(name: &str) -> String {
    let mut upper = false;
    let mut out = String::new();
    for character in name.chars() {
        match character {
            '_' => upper = true,
            other if upper => {
                out.push(other.to_ascii_uppercase());
                upper = false;
            }
            other => out.push(other),
        }
    }
    out
}
