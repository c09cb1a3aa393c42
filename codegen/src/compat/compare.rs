//! The walk over two contracts: pairs up what is the same declaration and asks every family of rules about it.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use prost_reflect::{
    EnumDescriptor, FileDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor,
};

use super::beside::Spare;
use super::change::{Draft, Owner, Site};
use super::contract::Contract;
use super::declaration::Kept;
use super::effect::Effect;
use super::exchange::Exchanges;
use super::reach::Reach;
use super::rule::Pair;
use super::rules::FAMILIES;
use super::terms::{Profile, Terms};

/// Two contracts on their way to being compared.
pub(super) struct Comparison<'a> {
    pub(super) old: &'a Contract,
    pub(super) new: &'a Contract,
    pub(super) terms: &'a Terms,
    pub(super) reach: Reach,
    pub(super) messages: Vec<Fate<MessageDescriptor>>,
    pub(super) enums: Vec<Fate<EnumDescriptor>>,
    pub(super) services: Vec<Fate<ServiceDescriptor>>,
    /// By path: a method that is in another service is another method.
    pub(super) methods: Vec<Fate<MethodDescriptor>>,
    /// Of every kind, found when first asked for.
    pub(super) declarations: OnceCell<Kept>,
    pub(super) exchanges: Exchanges,
    pub(super) spare: Spare,
}

/// What became of a declaration.
#[derive(Debug, Clone)]
pub(super) enum Fate<T> {
    Kept(T, T),
    Removed(T),
    Added(T),
}

/// What the rules found so far.
#[derive(Debug, Default)]
pub(super) struct Drafts(pub(super) Vec<Draft>);

impl Drafts {
    pub(super) fn add(&mut self, draft: Draft) {
        self.0.push(draft);
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn new(old: &'a Contract, new: &'a Contract, terms: &'a Terms) -> Self {
        let services = |contract: &Contract| -> Vec<ServiceDescriptor> {
            let files = contract.files();
            files
                .flat_map(|file| file.services().collect::<Vec<_>>())
                .collect()
        };
        let methods = |services: &[ServiceDescriptor]| -> Vec<MethodDescriptor> {
            let services = services.iter();
            services
                .flat_map(|service| service.methods().collect::<Vec<_>>())
                .collect()
        };
        let (old_services, new_services) = (services(old), services(new));
        let (old_types, new_types) = (Types::of(old), Types::of(new));
        Self {
            old,
            new,
            terms,
            reach: Reach::of(&[old, new]),
            declarations: OnceCell::new(),
            messages: pair_up(old_types.messages, new_types.messages, |message| {
                message.full_name().to_owned()
            }),
            enums: pair_up(old_types.enums, new_types.enums, |choice| {
                choice.full_name().to_owned()
            }),
            methods: pair_up(methods(&old_services), methods(&new_services), path),
            services: pair_up(old_services, new_services, |service| {
                service.full_name().to_owned()
            }),
            exchanges: Exchanges::default(),
            spare: Spare::default(),
        }
    }

    /// What Rust notices of a new field or value: a literal or an exhaustive match breaks where those are allowed.
    pub(super) fn addition(&self) -> Effect {
        match self.terms.profile {
            Profile::MinorSafe => Effect::Minor,
            Profile::Exhaustive => Effect::Major,
        }
    }

    /// Everything that any rule finds.
    pub(super) fn run(&self) -> Drafts {
        let mut found = Drafts::default();
        for family in FAMILIES {
            (family.contract)(self, &mut found);
            kept(&self.messages, |pair| {
                (family.message)(self, pair, &mut found)
            });
            kept(&self.enums, |pair| (family.choice)(self, pair, &mut found));
            kept(&self.services, |pair| {
                (family.service)(self, pair, &mut found)
            });
            kept(&self.methods, |pair| {
                (family.method)(self, pair, &mut found)
            });
        }
        found
    }
}

fn kept<T>(fates: &[Fate<T>], mut look: impl FnMut(Pair<'_, T>)) {
    for fate in fates {
        if let Fate::Kept(old, new) = fate {
            look(Pair { old, new });
        }
    }
}

/// A method's path on the wire: its name in messages, too.
pub(super) fn path(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

/// Declarations of both sides, by a key that a declaration keeps.
pub(super) fn pair_up<T, K: Ord>(
    old: impl IntoIterator<Item = T>,
    new: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> Vec<Fate<T>> {
    let mut by_key: BTreeMap<K, Fate<T>> = BTreeMap::new();
    for declaration in old {
        by_key.insert(key(&declaration), Fate::Removed(declaration));
    }
    for declaration in new {
        let key = key(&declaration);
        let fate = match by_key.remove(&key) {
            Some(Fate::Removed(old)) => Fate::Kept(old, declaration),
            _ => Fate::Added(declaration),
        };
        by_key.insert(key, fate);
    }
    by_key.into_values().collect()
}

/// All messages and enums of a contract, nested ones too, without the entries of maps.
#[derive(Default)]
struct Types {
    messages: Vec<MessageDescriptor>,
    enums: Vec<EnumDescriptor>,
}

impl Types {
    fn of(contract: &Contract) -> Self {
        let mut types = Self::default();
        let mut next = Vec::new();
        for file in contract.files() {
            types.enums.extend(file.enums());
            next.extend(file.messages());
        }
        while let Some(message) = next.pop() {
            types.enums.extend(message.child_enums());
            next.extend(message.child_messages());
            if !message.is_map_entry() {
                types.messages.push(message);
            }
        }
        types
    }
}

/// A declaration that has an owner and a place.
pub(super) trait Declared {
    /// Where it stands.
    fn site(&self) -> Site;
    /// Whose version it belongs to.
    fn owner(&self) -> Owner;
}

macro_rules! declared {
    ($($descriptor:ty => |$it:ident| $owner:expr),* $(,)?) => {$(
        impl Declared for $descriptor {
            fn site(&self) -> Site {
                Site::new(self.parent_file().name(), self.path())
            }
            fn owner(&self) -> Owner {
                let $it = self;
                $owner
            }
        }
    )*};
}

declared! {
    MessageDescriptor => |it| Owner::Type(it.full_name().to_owned(), it.package_name().to_owned()),
    EnumDescriptor => |it| Owner::Type(it.full_name().to_owned(), it.package_name().to_owned()),
    prost_reflect::FieldDescriptor => |it| it.parent_message().owner(),
    prost_reflect::OneofDescriptor => |it| it.parent_message().owner(),
    prost_reflect::EnumValueDescriptor => |it| it.parent_enum().owner(),
    prost_reflect::ExtensionDescriptor => |it| it.containing_message().owner(),
    ServiceDescriptor => |it| Owner::Service(it.full_name().to_owned()),
    MethodDescriptor => |it| it.parent_service().owner(),
}

impl Declared for FileDescriptor {
    fn site(&self) -> Site {
        Site::new(self.name(), &[])
    }
    fn owner(&self) -> Owner {
        super::declaration::owner(self.package_name(), std::slice::from_ref(self))
    }
}
