//! From descriptors to services as they were written.

use prost_reflect::{
    DescriptorPool, FieldDescriptor, FileDescriptor, Kind as Shape, MethodDescriptor,
    ServiceDescriptor,
};
use prost_types::method_options::IdempotencyLevel;
use prost_types::source_code_info::Location;
use syn::{Attribute, parse_quote};

use super::Front;
use super::messages::Types;
use super::options::{self, Origin};
use super::places::At;
use super::{ages, schema};
use crate::derived::{Derived, Histories};
use crate::docs;
use crate::draft::{self, Language, Written};
use crate::ir::{Ages, Descriptor, Idempotency, Kind};

/// The field numbers of names and options in descriptors, which positions are made of.
const NAME: i32 = 1;
const SERVICE_OPTIONS: i32 = 3;
const METHOD_OPTIONS: i32 = 4;

/// The services of a file, in its order.
pub(super) fn services(
    front: &mut Front,
    pool: &DescriptorPool,
    file: &FileDescriptor,
    types: &Types,
    histories: &Histories,
) -> Vec<draft::Service> {
    let (_, text) = front.sources.shown(file.name());
    let proto = file.file_descriptor_proto();
    let locations = proto.source_code_info.as_ref();
    let mut origin = Origin {
        file: file.name(),
        text: text.as_deref(),
        locations: locations.map_or(&[], |info| info.location.as_slice()),
        columns: front.columns,
        places: &mut front.places,
    };
    let services = file.services();
    services
        .map(|descriptor| {
            let history = histories.get(descriptor.full_name());
            let derived = history.cloned().unwrap_or_default();
            draft::Service {
                ages: ages::of(&descriptor, &derived),
                derived,
                ..service(pool, &descriptor, &mut origin, types)
            }
        })
        .collect()
}

fn service(
    pool: &DescriptorPool,
    descriptor: &ServiceDescriptor,
    origin: &mut Origin<'_>,
    types: &Types,
) -> draft::Service {
    let path = descriptor.path().to_vec();
    let extension = pool.get_extension_by_name(options::SERVICE);
    let read = extension.map(|extension| {
        let path = [path.as_slice(), &[SERVICE_OPTIONS]].concat();
        options::service(&descriptor.options(), &extension, &path, origin)
    });
    let read = read.unwrap_or_default();
    let standard = descriptor.service_descriptor_proto().options.as_ref();
    let methods = descriptor.methods();
    draft::Service {
        language: Language::Proto,
        package: descriptor.package_name().to_owned(),
        name: written(origin, &path, descriptor.name()),
        ident: None,
        visibility: parse_quote!(pub),
        attributes: Vec::new(),
        docs: comments(origin, &path),
        deprecated: deprecated(standard.is_some_and(prost_types::ServiceOptions::deprecated)),
        version: read.version,
        accepts: read.accepts,
        cross_major: read.cross_major,
        client_min: read.client_min,
        client_version: read.client_version,
        defaults: read.defaults,
        methods: methods
            .map(|descriptor| method(pool, &descriptor, origin, types))
            .collect(),
        descriptor: Descriptor::Package,
        schema: schema::hash(&descriptor.parent_file()),
        derived: Derived::default(),
        ages: Ages::default(),
    }
}

fn method(
    pool: &DescriptorPool,
    descriptor: &MethodDescriptor,
    origin: &mut Origin<'_>,
    types: &Types,
) -> draft::Method {
    let path = descriptor.path().to_vec();
    let extension = pool.get_extension_by_name(options::METHOD);
    let policies = extension.map(|extension| {
        let path = [path.as_slice(), &[METHOD_OPTIONS]].concat();
        options::method(&descriptor.options(), &extension, &path, origin)
    });
    let standard = descriptor
        .method_descriptor_proto()
        .options
        .clone()
        .unwrap_or_default();
    let (request, response) = types.of(descriptor);
    draft::Method {
        name: written(origin, &path, descriptor.name()),
        ident: None,
        attributes: Vec::new(),
        docs: comments(origin, &path),
        deprecated: deprecated(standard.deprecated()),
        kind: match (
            descriptor.is_client_streaming(),
            descriptor.is_server_streaming(),
        ) {
            (false, false) => Kind::Unary,
            (false, true) => Kind::ServerStreaming,
            (true, false) => Kind::ClientStreaming,
            (true, true) => Kind::BidiStreaming,
        },
        idempotency: match standard.idempotency_level() {
            IdempotencyLevel::NoSideEffects => Idempotency::NoSideEffects,
            IdempotencyLevel::Idempotent => Idempotency::Idempotent,
            IdempotencyLevel::IdempotencyUnknown => Idempotency::Unknown,
        },
        request,
        response,
        fields: descriptor
            .input()
            .fields()
            .map(|field| key(&field))
            .collect(),
        body: None,
        policies: policies.unwrap_or_default(),
    }
}

/// A field as one that an endpoint may be chosen by.
fn key(field: &FieldDescriptor) -> draft::Field {
    let alone = field
        .containing_oneof()
        .is_none_or(|oneof| oneof.is_synthetic());
    let unfit = match field.kind() {
        _ if field.is_map() => Some("is a map"),
        _ if field.is_list() => Some("is a list"),
        _ if !alone => Some("is one of several in a oneof"),
        Shape::Message(_) => Some("is a message"),
        Shape::Double | Shape::Float => Some("is a number with a fraction"),
        _ => None,
    };
    draft::Field {
        name: field.name().to_owned(),
        unfit,
    }
}

fn written(origin: &mut Origin<'_>, path: &[i32], name: &str) -> Written<String> {
    let at = [path, &[NAME]].concat();
    let span = location(origin.locations, &at).or_else(|| location(origin.locations, path));
    let at = span.map_or(At::File, |location| {
        At::span(origin.text, &location.span, origin.columns)
    });
    Written {
        value: name.to_owned(),
        place: origin.places.of(origin.file, at),
    }
}

/// The attribute for what a contract advises against.
fn deprecated(deprecated: bool) -> Option<Attribute> {
    deprecated.then(|| parse_quote!(#[deprecated]))
}

/// The comments above and behind a declaration, as rustdoc.
fn comments(origin: &Origin<'_>, path: &[i32]) -> Vec<String> {
    let Some(location) = location(origin.locations, path) else {
        return Vec::new();
    };
    let comments = [&location.leading_comments, &location.trailing_comments];
    let mut lines: Vec<String> = Vec::new();
    for comment in comments.into_iter().flatten() {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(comment.lines().map(str::to_owned));
    }
    docs::clean(&lines)
}

fn location<'a>(locations: &'a [Location], path: &[i32]) -> Option<&'a Location> {
    locations.iter().find(|location| location.path == path)
}
