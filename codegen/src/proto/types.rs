//! The Rust names of messages, enums and their parts: prost-build takes for granted that they do not meet.

use std::collections::HashMap;

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_reflect::{EnumDescriptor, FileDescriptor, MessageDescriptor};

use super::Front;
use super::places::At;
use crate::check::TypeName;
use crate::finding::{Finding, Place};
use crate::names;

/// Notes names that no Rust name can be made of and names that become the same one.
pub(super) fn check(front: &mut Front, files: &[FileDescriptor]) {
    let types = all(front, files);
    crate::check::collisions(&[], &types, &mut front.findings);
    let packages: Vec<_> = files
        .iter()
        .map(|file| file.package_name().to_owned())
        .collect();
    for file in files {
        let mut names = Names::new(front, file);
        file.messages().for_each(|message| {
            names.message(&message);
            names.module(&message, &packages);
        });
        file.enums().for_each(|choice| names.variants(&choice));
    }
}

/// Every message, enum and oneof of the files, with the module it is in.
pub(super) fn all(front: &mut Front, files: &[FileDescriptor]) -> Vec<TypeName> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !well_known(file)) {
        let mut names = Names::new(front, file);
        let package = file.package_name();
        for message in file.messages() {
            names.types(package, &message);
        }
        for choice in file.enums() {
            names.one(package, "enum", choice.name(), choice.path());
        }
        found.append(&mut names.found);
    }
    found
}

/// Google's own, which are in prost-types.
fn well_known(file: &FileDescriptor) -> bool {
    file.package_name() == "google.protobuf"
}

struct Names<'a> {
    front: &'a mut Front,
    file: &'a FileDescriptor,
    found: Vec<TypeName>,
}

impl<'a> Names<'a> {
    fn new(front: &'a mut Front, file: &'a FileDescriptor) -> Self {
        let found = Vec::new();
        Self { front, file, found }
    }

    fn types(&mut self, module: &str, message: &MessageDescriptor) {
        self.one(module, "message", message.name(), message.path());
        let inner = format!("{module}.{}", names::module(message.name()));
        let children: Vec<_> = message
            .child_messages()
            .filter(|child| !child.is_map_entry())
            .collect();
        for child in &children {
            self.types(&inner, child);
        }
        for choice in message.child_enums() {
            self.one(&inner, "enum", choice.name(), choice.path());
        }
    }

    fn one(&mut self, module: &str, what: &str, name: &str, path: &[i32]) {
        let place = self.place(path);
        match names::type_name(name) {
            Some(ident) => self.found.push(TypeName {
                package: module.to_owned(),
                ident,
                what: format!("{what} `{name}`"),
                place,
            }),
            None => self.nameless(what, name, place),
        }
    }

    fn message(&mut self, message: &MessageDescriptor) {
        let fields = message.fields().map(|field| {
            (
                field.name().to_owned(),
                field.name().to_snake_case(),
                field.path().to_vec(),
            )
        });
        self.distinct("field", fields.collect());
        message
            .child_messages()
            .filter(|child| !child.is_map_entry())
            .for_each(|child| self.message(&child));
        message
            .child_enums()
            .for_each(|choice| self.variants(&choice));
    }

    /// What is nested in a message is in a module, which must not be that of a package.
    fn module(&mut self, message: &MessageDescriptor, packages: &[String]) {
        let children = message.child_messages().any(|child| !child.is_map_entry());
        let oneofs = message.oneofs().any(|oneof| !oneof.is_synthetic());
        if !children && !oneofs && message.child_enums().len() == 0 {
            return;
        }
        let mut module = names::modules(message.package_name());
        module.push(names::module(message.name()));
        let taken = packages
            .iter()
            .find(|package| names::modules(package).starts_with(&module));
        if let Some(package) = taken {
            let place = self.place(message.path());
            let title = format!(
                "message `{}` and package `{package}` are both the module `{}` in Rust",
                message.name(),
                module.join("::")
            );
            let help = "what is nested in a message is in a module of its name: rename the message or the package";
            self.front
                .findings
                .add(Finding::error(place, title).help(help));
        }
    }

    fn variants(&mut self, choice: &EnumDescriptor) {
        let prefix = choice.name().to_upper_camel_case();
        let mut numbers = Vec::new();
        let values = choice.values().filter(|value| {
            // Aliases are left out.
            let new = !numbers.contains(&value.number());
            numbers.push(value.number());
            new
        });
        let values = values.map(|value| {
            let name = value.name().to_upper_camel_case();
            let rest = name
                .strip_prefix(&prefix)
                .filter(|rest| rest.starts_with(char::is_uppercase));
            let rust = rest.unwrap_or(&name).to_owned();
            (value.name().to_owned(), rust, value.path().to_vec())
        });
        let values = values.collect();
        self.distinct("enum value", values);
    }

    fn distinct(&mut self, what: &str, parts: Vec<(String, String, Vec<i32>)>) {
        let mut seen: HashMap<String, (String, Place)> = HashMap::new();
        for (name, rust, path) in parts {
            let place = self.place(&path);
            if rust.is_empty() {
                self.nameless(what, &name, place);
            } else if let Some((first, other)) = seen.insert(rust.clone(), (name.clone(), place)) {
                let title = format!("{what}s `{first}` and `{name}` are both `{rust}` in Rust");
                let finding = Finding::error(place, title).related(other, "the first one");
                self.front.findings.add(finding.help("rename one of them"));
            }
        }
    }

    fn nameless(&mut self, what: &str, name: &str, place: Place) {
        let finding = Finding::error(place, format!("{what} `{name}` has no name in Rust"));
        self.front
            .findings
            .add(finding.help("use at least one letter or digit"));
    }

    /// Where the name of a declaration is.
    fn place(&mut self, path: &[i32]) -> Place {
        let name = [path, &[1]].concat();
        let (_, text) = self.front.sources.shown(self.file.name());
        let proto = self.file.file_descriptor_proto();
        let mut locations = proto
            .source_code_info
            .iter()
            .flat_map(|info| &info.location);
        let location = locations.find(|location| location.path == name);
        let at = location.map_or(At::File, |location| {
            At::span(text.as_deref(), &location.span, self.front.columns)
        });
        self.front.places.of(self.file.name(), at)
    }
}
