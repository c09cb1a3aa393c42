//! Messages, by prost-build, and the Rust names that it gives them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use prost_build::{Config, Module, ServiceGenerator};
use prost_reflect::{
    DescriptorPool, EnumDescriptor, FileDescriptor, Kind, MessageDescriptor, MethodDescriptor,
};
use syn::Type;

/// The Rust types of every method, by full name of the method.
#[derive(Debug, Default)]
pub(super) struct Types(HashMap<String, (Type, Type)>);

impl Types {
    /// What a method receives and answers with; unit where prost was not asked.
    pub(super) fn of(&self, method: &MethodDescriptor) -> (Type, Type) {
        let unknown = || (syn::parse_quote!(()), syn::parse_quote!(()));
        self.0
            .get(method.full_name())
            .cloned()
            .unwrap_or_else(unknown)
    }
}

/// The code of each package's messages, and the types of all methods.
///
/// # Errors
/// If prost-build refuses its settings, or names a type that is none.
pub(super) fn generate(
    mut config: Config,
    files: &[FileDescriptor],
) -> Result<(BTreeMap<String, String>, Types), String> {
    let names = Rc::new(RefCell::new(Vec::new()));
    config.service_generator(Box::new(Names(Rc::clone(&names))));
    let requests = files.iter().map(|file| {
        let proto = file.file_descriptor_proto().clone();
        (Module::from_protobuf_package_name(proto.package()), proto)
    });
    let generated = config.generate(requests.collect());
    let mut generated = generated.map_err(|error| error.to_string())?;
    let packages: BTreeSet<_> = files
        .iter()
        .map(|file| file.package_name().to_owned())
        .collect();
    let code = packages.into_iter().filter_map(|package| {
        let code = generated.remove(&Module::from_protobuf_package_name(&package))?;
        Some((package, code))
    });
    let code = code.collect();

    let mut types = HashMap::new();
    for (method, request, response) in names.take() {
        let parse = |name: &str| {
            let parsed = syn::parse_str::<Type>(name);
            parsed.map_err(|error| format!("`{name}` is not a Rust type: {error}"))
        };
        types.insert(method, (parse(&request)?, parse(&response)?));
    }
    Ok((code, Types(types)))
}

/// Asks prost how it resolved the types of methods, and writes nothing.
struct Names(Rc<RefCell<Vec<(String, String, String)>>>);

impl ServiceGenerator for Names {
    fn generate(&mut self, service: prost_build::Service, buffer: &mut String) {
        let full = match service.package.as_str() {
            "" => service.proto_name,
            package => format!("{package}.{}", service.proto_name),
        };
        let methods = service.methods.into_iter().map(|method| {
            let name = format!("{full}.{}", method.proto_name);
            (name, clear(method.input_type), clear(method.output_type))
        });
        self.0.borrow_mut().extend(methods);
        // prost forgets packages without code, and then stumbles over their services.
        buffer.push('\n');
    }
}

/// Messages with the names of our generic parameters are named by a path.
fn clear(name: String) -> String {
    match name.as_str() {
        "B" | "I" | "T" | "U" => format!("self::{name}"),
        _ => name,
    }
}

/// The files whose code is needed: the given ones, and of their imports those that types are used of.
///
/// Imports that only bring options along, such as `google/api/annotations.proto`, are left out.
pub(super) fn used(pool: &DescriptorPool, roots: &[String]) -> Vec<FileDescriptor> {
    let mut used: BTreeSet<String> = roots.iter().cloned().collect();
    let mut next: Vec<_> = roots
        .iter()
        .filter_map(|root| pool.get_file_by_name(root))
        .collect();
    while let Some(file) = next.pop() {
        for other in uses(&file) {
            if used.insert(other.name().to_owned()) {
                next.push(other);
            }
        }
    }
    pool.files()
        .filter(|file| used.contains(file.name()))
        .collect()
}

/// The files of all types that a file's messages and services use.
pub(super) fn uses(file: &FileDescriptor) -> Vec<FileDescriptor> {
    let mut found = Vec::new();
    for message in file.messages() {
        fields(&message, &mut found);
    }
    for method in file
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
    {
        found.push(method.input().parent_file());
        found.push(method.output().parent_file());
    }
    found
}

fn fields(message: &MessageDescriptor, found: &mut Vec<FileDescriptor>) {
    for field in message.fields() {
        match field.kind() {
            Kind::Message(message) => found.push(message.parent_file()),
            Kind::Enum(choice) => found.push(EnumDescriptor::parent_file(&choice)),
            _ => {}
        }
    }
    for child in message.child_messages() {
        fields(&child, found);
    }
}
