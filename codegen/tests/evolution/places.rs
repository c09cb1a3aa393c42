//! Places in a set of descriptors: every message, enum and service, by file and path.

use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};

/// The way to a message: its place in the file, then in the message around it.
pub(crate) type Way = Vec<usize>;

/// Every message of a file but the entries of maps, outermost first.
pub(crate) fn messages(file: &FileDescriptorProto) -> Vec<Way> {
    let mut ways = Vec::new();
    for (index, message) in file.message_type.iter().enumerate() {
        below(message, vec![index], &mut ways);
    }
    ways
}

fn below(message: &DescriptorProto, way: Way, ways: &mut Vec<Way>) {
    if message
        .options
        .as_ref()
        .is_some_and(|options| options.map_entry())
    {
        return;
    }
    for (index, inner) in message.nested_type.iter().enumerate() {
        let mut way = way.clone();
        way.push(index);
        below(inner, way, ways);
    }
    ways.push(way);
}

/// The message at the end of a way.
pub(crate) fn message<'a>(
    file: &'a mut FileDescriptorProto,
    way: &[usize],
) -> &'a mut DescriptorProto {
    let (first, rest) = way.split_first().expect("a way has a beginning");
    rest.iter()
        .fold(&mut file.message_type[*first], |message, index| {
            &mut message.nested_type[*index]
        })
}

/// Every enum of a file.
pub(crate) fn enums(file: &mut FileDescriptorProto) -> Vec<&mut EnumDescriptorProto> {
    let mut found = Vec::new();
    let mut next: Vec<&mut DescriptorProto> = file.message_type.iter_mut().collect();
    found.extend(file.enum_type.iter_mut());
    while let Some(message) = next.pop() {
        found.extend(message.enum_type.iter_mut());
        next.extend(message.nested_type.iter_mut());
    }
    found
}
