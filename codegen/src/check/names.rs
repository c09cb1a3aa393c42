//! Names that meet: two methods with one Rust name, a message with the name of a generated type.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use syn::Ident;
use syn::ext::IdentExt;

use crate::draft;
use crate::finding::{Finding, Findings, Place};
use crate::{ir::ServiceIdents, names};

/// A Rust type that is generated for something else than a service.
#[derive(Debug, Clone)]
pub struct TypeName {
    /// The package it is in.
    pub package: String,
    /// Its Rust name.
    pub ident: Ident,
    /// What it is, such as ``message `MoviesClient` ``.
    pub what: String,
    /// Where it is declared.
    pub place: Place,
}

/// The Rust names of what is generated for a service.
pub(super) fn service(draft: &draft::Service, findings: &mut Findings) -> Option<ServiceIdents> {
    let name = &draft.name.value;
    let idents = || {
        let service = match &draft.ident {
            Some(ident) => ident.clone(),
            None => names::type_name(name)?,
        };
        let trait_name = service.unraw().to_string();
        Some(ServiceIdents {
            server: names::beside(&service, "Server"),
            client: names::beside(&service, "Client"),
            data: names::static_name(&trait_name)?,
            methods: names::static_name(&format!("{trait_name}_methods"))?,
            service,
        })
    };
    let idents = idents();
    if idents.is_none() {
        findings.add(nameless("service", name, draft.name.place));
    }
    idents
}

/// The Rust names of a service's methods; `None` where one has none.
pub(super) fn methods(draft: &draft::Service, findings: &mut Findings) -> Vec<Option<Ident>> {
    let mut seen = Vec::with_capacity(draft.methods.len());
    let mut idents = Vec::with_capacity(draft.methods.len());
    for method in &draft.methods {
        let (name, place) = (&method.name.value, method.name.place);
        let ident = match &method.ident {
            Some(ident) => Some(ident.clone()),
            None => names::method(name),
        };
        match &ident {
            None => findings.add(nameless("method", name, place)),
            Some(ident) => {
                findings.extend(twice(&seen, method, ident));
                findings.extend(taken(method, ident));
                seen.push((ident.clone(), method));
            }
        }
        idents.push(ident);
    }
    idents
}

/// A method with the name of one before it, in Rust or in the contract.
fn twice(
    seen: &[(Ident, &draft::Method)],
    method: &draft::Method,
    ident: &Ident,
) -> Option<Finding> {
    let name = &method.name;
    let (first, other) = seen
        .iter()
        .find(|(first, other)| first == ident || other.name.value == name.value)?;
    let title = match first == ident {
        true => format!(
            "methods `{}` and `{}` are both `{ident}` in Rust",
            other.name.value, name.value
        ),
        false => format!(
            "methods `{first}` and `{ident}` are both `{}` in the contract",
            name.value
        ),
    };
    let finding = Finding::error(name.place, title).related(other.name.place, "the first one");
    Some(finding.help("rename one of them"))
}

/// A function that its author calls as the client calls one of its own.
fn taken(method: &draft::Method, ident: &Ident) -> Option<Finding> {
    method.ident.as_ref()?;
    let taken = names::TAKEN_IN_CLIENTS.iter().any(|taken| ident == taken);
    taken.then(|| {
        let title = format!("`{ident}` is a function that every client has");
        let help = format!(
            "rename it; #[rpc(name = \"{}\")] keeps its name in the contract",
            method.name.value
        );
        Finding::error(method.name.place, title).help(help)
    })
}

fn nameless(what: &str, name: &str, place: Place) -> Finding {
    let title = format!("{what} `{name}` has no name in Rust");
    Finding::error(place, title).help("use at least one letter or digit")
}

/// Types of one package with the same Rust name: services' generated types and all others.
pub fn collisions(services: &[draft::Service], types: &[TypeName], findings: &mut Findings) {
    let mut seen: HashMap<(&str, String), (String, Place)> = HashMap::new();
    for known in types {
        let own = (known.what.clone(), known.place);
        match seen.entry((&known.package, known.ident.to_string())) {
            Entry::Vacant(free) => drop(free.insert(own)),
            Entry::Occupied(taken) => {
                let (first, place) = taken.get();
                let title = format!(
                    "{first} and {} are both `{}` in Rust",
                    known.what, known.ident
                );
                let finding = Finding::error(known.place, title).related(*place, "the first one");
                findings.add(finding.help("rename one of them"));
            }
        }
    }
    for service in services {
        let Some(name) = names::type_name(&service.name.value) else {
            continue;
        };
        let generated = [
            format!("{name}"),
            format!("{name}Client"),
            format!("{name}Server"),
        ];
        let what = format!("service `{}`", service.name.value);
        let keys = || {
            generated
                .iter()
                .map(|name| (service.package.as_str(), name.clone()))
        };
        for (other, place) in keys().filter_map(|key| seen.get(&key)) {
            let title = format!("{other} has a name that {what} needs");
            let help = format!(
                "{what} makes `{name}`, `{name}Client` and `{name}Server`: rename one of them"
            );
            let finding = Finding::error(*place, title).related(service.name.place, "needed here");
            findings.add(finding.help(help));
        }
        for key in keys() {
            seen.entry(key)
                .or_insert_with(|| (what.clone(), service.name.place));
        }
    }
}
