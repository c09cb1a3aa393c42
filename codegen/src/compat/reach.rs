//! Which service reaches what: the messages it sends and receives, and all that is in them, in whatever package.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{Kind, MessageDescriptor};

use super::change::{Owner, Scope};
use super::contract::Contract;

/// Which service reaches what, in either of two contracts.
#[derive(Debug, Default)]
pub struct Reach {
    /// The services that reach a type, by its full name.
    types: BTreeMap<String, BTreeSet<String>>,
    /// The types that a server may send.
    answered: BTreeSet<String>,
    /// The types that a client may send.
    asked: BTreeSet<String>,
    /// The packages that have a service.
    served: BTreeSet<String>,
}

impl Reach {
    /// What the services of these contracts reach.
    pub fn of(contracts: &[&Contract]) -> Self {
        let mut reach = Self::default();
        for contract in contracts {
            for service in contract.pool().services() {
                reach.served.insert(service.package_name().to_owned());
                for method in service.methods() {
                    reach.follow(service.full_name(), &method.input());
                    reach.follow(service.full_name(), &method.output());
                    collect(&method.output(), &mut reach.answered);
                    collect(&method.input(), &mut reach.asked);
                }
            }
            reach.extensions(contract);
        }
        reach
    }

    /// The services that reach the type of this full name.
    pub fn services(&self, name: &str) -> impl Iterator<Item = &str> {
        let services = self.types.get(name).into_iter().flatten();
        services.map(String::as_str)
    }

    /// The full names of the types that a service reaches.
    pub fn types(&self, service: &str) -> impl Iterator<Item = &str> {
        let reached = self
            .types
            .iter()
            .filter(move |(_, services)| services.contains(service));
        reached.map(|(name, _)| name.as_str())
    }

    /// Whether a server may send the type of this full name.
    pub fn is_answered(&self, name: &str) -> bool {
        self.answered.contains(name)
    }

    /// Whether a client may send the type of this full name, or nobody knows who sends it.
    pub(super) fn may_be_asked(&self, name: &str) -> bool {
        self.asked.contains(name) || !self.answered.contains(name)
    }

    pub(super) fn scope(&self, owner: &Owner) -> Scope {
        let (services, package) = match owner {
            Owner::Service(name) => return Scope::Services(vec![name.clone()]),
            Owner::Package(package) => return Scope::Package(package.clone()),
            Owner::Type(name, package) => {
                let services: BTreeSet<_> = self.services(name).map(str::to_owned).collect();
                (services, package)
            }
            Owner::All(owners, package) => {
                let scopes = owners.iter().map(|owner| self.scope(owner));
                let services = scopes.flat_map(|scope| match scope {
                    Scope::Services(services) => services,
                    Scope::Package(_) => Vec::new(),
                });
                (services.collect(), package)
            }
        };
        match services.is_empty() {
            true => Scope::Package(package.clone()),
            false => Scope::Services(services.into_iter().collect()),
        }
    }

    /// Whether what no service reaches is still seen on the wire: in a package without any service, all is.
    pub(super) fn is_on_the_wire(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Service(_) => true,
            Owner::Package(package) => !self.served.contains(package),
            Owner::Type(name, package) => {
                self.types.contains_key(name) || !self.served.contains(package)
            }
            Owner::All(owners, package) => {
                let mut owners = owners.iter();
                !self.served.contains(package) || owners.any(|owner| self.is_on_the_wire(owner))
            }
        }
    }

    fn follow(&mut self, service: &str, message: &MessageDescriptor) {
        let mut names = BTreeSet::new();
        collect(message, &mut names);
        for name in names {
            let services = self.types.entry(name).or_default();
            services.insert(service.to_owned());
        }
    }

    /// Who reaches a message reaches what is in its extensions.
    fn extensions(&mut self, contract: &Contract) {
        for extension in contract.pool().all_extensions() {
            let extended = extension.containing_message();
            let services: Vec<_> = self
                .services(extended.full_name())
                .map(str::to_owned)
                .collect();
            let kind = extension.kind();
            for service in services {
                match &kind {
                    Kind::Message(message) => self.follow(&service, message),
                    Kind::Enum(choice) => {
                        let known = self.types.entry(choice.full_name().to_owned());
                        known.or_default().insert(service);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The names of a message and of all that is in it.
fn collect(message: &MessageDescriptor, names: &mut BTreeSet<String>) {
    let mut next = vec![message.clone()];
    while let Some(message) = next.pop() {
        if !names.insert(message.full_name().to_owned()) {
            continue;
        }
        for field in message.fields() {
            match field.kind() {
                Kind::Message(inner) => next.push(inner),
                Kind::Enum(choice) => drop(names.insert(choice.full_name().to_owned())),
                _ => {}
            }
        }
    }
}
