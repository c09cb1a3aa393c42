//! Messages that go to another place: another file of the same package, or into another message.

use prost_types::{DescriptorProto, FileDescriptorProto};

use super::Mutation;
use super::types::{rename, type_name};
use crate::random::Random;

pub(super) const MUTATIONS: &[Mutation] = &[
    ("move a message to another file", |set, file, random| {
        let index = leaf(&set.file[file], random)?;
        let name = set.file[file].name().to_owned();
        let elsewhere = name.replace(".proto", "_elsewhere.proto");
        for user in &mut set.file {
            if user.name() == name || user.dependency.contains(&name) {
                user.dependency.push(elsewhere.clone());
            }
        }
        let from = &mut set.file[file];
        let moved = from.message_type.remove(index);
        let said = format!("{} moved", moved.name());
        let to = FileDescriptorProto {
            name: Some(elsewhere),
            package: from.package.clone(),
            syntax: from.syntax.clone(),
            options: from.options.clone(),
            message_type: vec![moved],
            ..FileDescriptorProto::default()
        };
        set.file.push(to);
        Some(said)
    }),
    ("move a message into another one", |set, file, random| {
        let index = leaf(&set.file[file], random)?;
        let moved = set.file[file].message_type.remove(index);
        let around = random.below(set.file[file].message_type.len().max(1));
        let around = set.file[file].message_type.get_mut(around)?;
        let (old, new) = (
            moved.name().to_owned(),
            format!("{}.{}", around.name(), moved.name()),
        );
        around.nested_type.push(moved);
        let (old, new) = (
            type_name(&set.file[file], &old),
            type_name(&set.file[file], &new),
        );
        rename(set, &old, &new);
        Some(format!("{old} is {new}"))
    }),
];

/// A message that uses no other, and so needs nothing where it goes.
fn leaf(file: &FileDescriptorProto, random: &mut Random) -> Option<usize> {
    let needs_nothing = |message: &DescriptorProto| {
        let plain = message.field.iter().all(|field| field.type_name.is_none());
        plain
            && message.nested_type.is_empty()
            && message.enum_type.is_empty()
            && message.extension.is_empty()
    };
    let messages = file.message_type.iter().enumerate();
    let leaves: Vec<_> = messages
        .filter(|(_, message)| needs_nothing(message))
        .map(|(index, _)| index)
        .collect();
    random.pick(&leaves).copied()
}
