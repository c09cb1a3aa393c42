//! Changes of services and their methods.

use prost_types::method_options::IdempotencyLevel;
use prost_types::{FileDescriptorSet, MethodDescriptorProto, MethodOptions};

use super::Mutation;
use super::types::type_name;
use crate::random::Random;

pub(super) const MUTATIONS: &[Mutation] = &[
    ("delete a service", |set, file, random| {
        let services = &mut set.file[file].service;
        if services.is_empty() {
            return None;
        }
        let index = random.below(services.len());
        Some(format!("{} deleted", services.remove(index).name()))
    }),
    ("delete a method", |set, file, random| {
        method(set, file, random, |methods, index, _| {
            Some(format!("{} deleted", methods.remove(index).name()))
        })
    }),
    ("rename a method", |set, file, random| {
        method(set, file, random, |methods, index, _| {
            let old = methods[index].name().to_owned();
            methods[index].name = Some(format!("{old}Renamed"));
            Some(format!("{old} renamed"))
        })
    }),
    ("add a method", |set, file, random| {
        method(set, file, random, |methods, index, _| {
            let mut added = methods[index].clone();
            added.name = Some("AddedHere".to_owned());
            methods.push(added);
            Some("a method added".to_owned())
        })
    }),
    ("make requests a stream, or one", |set, file, random| {
        method(set, file, random, |methods, index, _| {
            let method = &mut methods[index];
            method.client_streaming = Some(!method.client_streaming());
            Some(format!("requests of {}", method.name()))
        })
    }),
    ("make answers a stream, or one", |set, file, random| {
        method(set, file, random, |methods, index, _| {
            let method = &mut methods[index];
            method.server_streaming = Some(!method.server_streaming());
            Some(format!("answers of {}", method.name()))
        })
    }),
    ("exchange the request", |set, file, random| {
        exchange(set, file, random, |method, other| {
            (method.input_type() != other).then(|| method.input_type = Some(other.to_owned()))
        })
    }),
    ("exchange the answer", |set, file, random| {
        exchange(set, file, random, |method, other| {
            (method.output_type() != other).then(|| method.output_type = Some(other.to_owned()))
        })
    }),
    ("promise more about repeats", |set, file, random| {
        method(set, file, random, |methods, index, _| {
            let options = methods[index].options.get_or_insert_default();
            let none = options.idempotency_level() == IdempotencyLevel::IdempotencyUnknown;
            options.set_idempotency_level(IdempotencyLevel::NoSideEffects);
            none.then(|| format!("{} only reads", methods[index].name()))
        })
    }),
    ("promise less about repeats", |set, file, random| {
        method(set, file, random, |methods, index, _| {
            let options = methods[index].options.as_mut()?;
            options.idempotency_level.take()?;
            Some(format!("{} promises nothing", methods[index].name()))
        })
    }),
    ("deprecate a method", |set, file, random| {
        method(set, file, random, |methods, index, _| {
            let options: &mut MethodOptions = methods[index].options.get_or_insert_default();
            options.deprecated = Some(!options.deprecated());
            Some(format!("{} deprecated, or not", methods[index].name()))
        })
    }),
];

/// Gives a method another message of its file.
fn exchange(
    set: &mut FileDescriptorSet,
    file: usize,
    random: &mut Random,
    put: impl FnOnce(&mut MethodDescriptorProto, &str) -> Option<()>,
) -> Option<String> {
    let messages = set.file[file].message_type.iter();
    let names: Vec<_> = messages
        .map(|message| type_name(&set.file[file], message.name()))
        .collect();
    let other = random.pick(&names)?;
    method(set, file, random, |methods, index, _| {
        put(&mut methods[index], other)?;
        Some(format!("{} with {other}", methods[index].name()))
    })
}

fn method(
    set: &mut FileDescriptorSet,
    file: usize,
    random: &mut Random,
    change: impl FnOnce(&mut Vec<MethodDescriptorProto>, usize, &mut Random) -> Option<String>,
) -> Option<String> {
    let services = &mut set.file[file].service;
    let index = (!services.is_empty()).then(|| random.below(services.len()))?;
    let methods = &mut services[index].method;
    let index = (!methods.is_empty()).then(|| random.below(methods.len()))?;
    change(methods, index, random)
}
