//! Changes of messages, enums and files.

use prost_types::{
    DescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet,
};

use super::Mutation;
use crate::places::enums;
use crate::random::Random;

pub(super) const MUTATIONS: &[Mutation] = &[
    ("delete an enum value", |set, file, random| {
        value(set, file, random, |values, index| {
            Some(format!("{} deleted", values.remove(index).name()))
        })
    }),
    ("rename an enum value", |set, file, random| {
        value(set, file, random, |values, index| {
            let old = values[index].name().to_owned();
            values[index].name = Some(format!("{old}_RENAMED"));
            Some(format!("{old} renamed"))
        })
    }),
    ("renumber an enum value", |set, file, random| {
        value(set, file, random, |values, index| {
            let free = values.iter().map(EnumValueDescriptorProto::number).max()? + 7;
            values[index].number = Some(free);
            Some(format!("{} renumbered", values[index].name()))
        })
    }),
    ("add an enum value", |set, file, random| {
        value(set, file, random, |values, _| {
            let free = values.iter().map(EnumValueDescriptorProto::number).max()? + 7;
            values.push(EnumValueDescriptorProto {
                name: Some(format!("VALUE_ADDED_TO_FILE_{file}")),
                number: Some(free),
                options: None,
            });
            Some("a value added".to_owned())
        })
    }),
    ("add a message", |set, file, _| {
        set.file[file].message_type.push(DescriptorProto {
            name: Some(format!("AddedTo{file}")),
            ..DescriptorProto::default()
        });
        Some("a message added".to_owned())
    }),
    ("delete a message that nobody uses", |set, file, random| {
        let names = set.file[file]
            .message_type
            .iter()
            .map(|message| message.name().to_owned())
            .collect();
        let index = unused(set, file, random, names)?;
        Some(format!(
            "{} deleted",
            set.file[file].message_type.remove(index).name()
        ))
    }),
    ("delete an enum that nobody uses", |set, file, random| {
        let names = set.file[file]
            .enum_type
            .iter()
            .map(|choice| choice.name().to_owned())
            .collect();
        let index = unused(set, file, random, names)?;
        Some(format!(
            "{} deleted",
            set.file[file].enum_type.remove(index).name()
        ))
    }),
    ("rename a message", |set, file, random| {
        let names: Vec<_> = set.file[file]
            .message_type
            .iter()
            .map(|message| message.name().to_owned())
            .collect();
        let name = random.pick(&names)?;
        let (old, new) = (
            type_name(&set.file[file], name),
            type_name(&set.file[file], &format!("{name}Renamed")),
        );
        for message in &mut set.file[file].message_type {
            if message.name() == name {
                message.name = Some(format!("{name}Renamed"));
            }
        }
        rename(set, &old, &new);
        Some(format!("{name} renamed"))
    }),
    ("set an option of another language", |set, file, _| {
        let options = set.file[file].options.get_or_insert_default();
        options.go_package = Some("example.com/elsewhere;elsewhere".to_owned());
        Some("another Go package".to_owned())
    }),
];

/// Not the first value: a proto3 enum needs its zero.
fn value(
    set: &mut FileDescriptorSet,
    file: usize,
    random: &mut Random,
    change: impl FnOnce(&mut Vec<EnumValueDescriptorProto>, usize) -> Option<String>,
) -> Option<String> {
    let mut enums = enums(&mut set.file[file]);
    enums.retain(|choice| choice.value.len() > 2);
    let index = (!enums.is_empty()).then(|| random.below(enums.len()))?;
    let values = &mut enums[index].value;
    let index = 1 + random.below(values.len() - 1);
    change(values, index)
}

pub(super) fn type_name(file: &FileDescriptorProto, name: &str) -> String {
    match file.package() {
        "" => format!(".{name}"),
        package => format!(".{package}.{name}"),
    }
}

/// Calls a type by its new name wherever it is mentioned.
pub(super) fn rename(set: &mut FileDescriptorSet, old: &str, new: &str) {
    let below = format!("{old}.");
    for used in type_names(set) {
        if *used == old || used.starts_with(&below) {
            *used = format!("{new}{}", &used[old.len()..]);
        }
    }
}

/// The index of a name that nothing mentions.
fn unused(
    set: &mut FileDescriptorSet,
    file: usize,
    random: &mut Random,
    names: Vec<String>,
) -> Option<usize> {
    let names = names.iter().map(|name| type_name(&set.file[file], name));
    let names: Vec<_> = names.collect();
    let unused: Vec<_> = (0..names.len())
        .filter(|index| !is_used(set, &names[*index]))
        .collect();
    random.pick(&unused).copied()
}

fn is_used(set: &mut FileDescriptorSet, name: &str) -> bool {
    let below = format!("{name}.");
    type_names(set)
        .iter()
        .any(|used| *used == name || used.starts_with(&below))
}

/// Every mention of a type.
fn type_names(set: &mut FileDescriptorSet) -> Vec<&mut String> {
    let mut names = Vec::new();
    for file in &mut set.file {
        for method in file
            .service
            .iter_mut()
            .flat_map(|service| &mut service.method)
        {
            names.extend(method.input_type.as_mut());
            names.extend(method.output_type.as_mut());
        }
        let mut next: Vec<&mut DescriptorProto> = file.message_type.iter_mut().collect();
        let mut fields: Vec<&mut FieldDescriptorProto> = file.extension.iter_mut().collect();
        while let Some(message) = next.pop() {
            next.extend(message.nested_type.iter_mut());
            fields.extend(message.field.iter_mut());
            fields.extend(message.extension.iter_mut());
        }
        for field in fields {
            names.extend(field.type_name.as_mut());
            names.extend(field.extendee.as_mut());
        }
    }
    names
}
