//! Any declaration, for rules that say the same of all: that it is documented, deprecated, or carries an option.

use prost_reflect::{
    DynamicMessage, EnumDescriptor, EnumValueDescriptor, ExtensionDescriptor, FieldDescriptor,
    FileDescriptor, MessageDescriptor, MethodDescriptor, OneofDescriptor, ServiceDescriptor,
};

use super::change::{Owner, Site};
use super::compare::{Comparison, Declared, Fate, pair_up, path};
use super::contract::Contract;
use super::rule::Pair;
use super::rules::fields;

/// A declaration of any kind.
#[derive(Debug, Clone)]
pub(super) enum Declaration {
    File(FileDescriptor),
    Message(MessageDescriptor),
    Field(FieldDescriptor),
    Oneof(OneofDescriptor),
    Choice(EnumDescriptor),
    Value(EnumValueDescriptor),
    Service(ServiceDescriptor),
    Method(MethodDescriptor),
    Extension(ExtensionDescriptor),
}

/// Calls the same method of whatever is declared.
macro_rules! each {
    ($declaration:expr, $it:ident => $value:expr) => {
        match $declaration {
            Declaration::File($it) => $value,
            Declaration::Message($it) => $value,
            Declaration::Field($it) => $value,
            Declaration::Oneof($it) => $value,
            Declaration::Choice($it) => $value,
            Declaration::Value($it) => $value,
            Declaration::Service($it) => $value,
            Declaration::Method($it) => $value,
            Declaration::Extension($it) => $value,
        }
    };
}

impl Declaration {
    /// What it is and how it is called: "field `pages`".
    pub(super) fn title(&self) -> String {
        let noun = match self {
            Self::File(_) => "file",
            Self::Message(_) => "message",
            Self::Field(_) => "field",
            Self::Oneof(_) => "oneof",
            Self::Choice(_) => "enum",
            Self::Value(_) => "value",
            Self::Service(_) => "service",
            Self::Method(_) => "method",
            Self::Extension(_) => "extension",
        };
        format!("{noun} `{}`", each!(self, it => it.name()))
    }

    /// Its full name, as changes name it.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::File(file) => file.name().to_owned(),
            Self::Value(value) => format!("{}.{}", value.parent_enum().full_name(), value.name()),
            Self::Method(method) => path(method),
            Self::Message(it) => it.full_name().to_owned(),
            Self::Field(it) => it.full_name().to_owned(),
            Self::Oneof(it) => it.full_name().to_owned(),
            Self::Choice(it) => it.full_name().to_owned(),
            Self::Service(it) => it.full_name().to_owned(),
            Self::Extension(it) => it.full_name().to_owned(),
        }
    }

    pub(super) fn site(&self) -> Site {
        each!(self, it => it.site())
    }

    pub(super) fn owner(&self) -> Owner {
        each!(self, it => it.owner())
    }

    /// Whether it stands in a file and in nothing else there.
    pub(super) fn is_outermost(&self) -> bool {
        match self {
            Self::Message(it) => it.parent_message().is_none(),
            Self::Choice(it) => it.parent_message().is_none(),
            Self::Extension(it) => it.parent_message().is_none(),
            Self::Service(_) => true,
            _ => false,
        }
    }

    /// All of its options, those of others too.
    pub(super) fn options(&self) -> DynamicMessage {
        each!(self, it => it.options())
    }

    /// The full name of the message that its options are.
    pub(super) fn options_type(&self) -> &'static str {
        match self {
            Self::File(_) => "google.protobuf.FileOptions",
            Self::Message(_) => "google.protobuf.MessageOptions",
            Self::Field(_) | Self::Extension(_) => "google.protobuf.FieldOptions",
            Self::Oneof(_) => "google.protobuf.OneofOptions",
            Self::Choice(_) => "google.protobuf.EnumOptions",
            Self::Value(_) => "google.protobuf.EnumValueOptions",
            Self::Service(_) => "google.protobuf.ServiceOptions",
            Self::Method(_) => "google.protobuf.MethodOptions",
        }
    }

    /// Where its options stand.
    pub(super) fn options_site(&self) -> Site {
        let number = match self {
            Self::File(_) | Self::Field(_) | Self::Extension(_) => 8,
            Self::Message(_) => 7,
            Self::Method(_) => 4,
            Self::Choice(_) | Self::Value(_) | Self::Service(_) => 3,
            Self::Oneof(_) => 2,
        };
        self.site().part(&[number])
    }

    /// Whether `deprecated = true` is said of it. Of a oneof nobody can.
    pub(super) fn is_deprecated(&self) -> bool {
        macro_rules! says {
            ($proto:expr) => {
                $proto.options.as_ref().is_some_and(|it| it.deprecated())
            };
        }
        match self {
            Self::File(it) => says!(it.file_descriptor_proto()),
            Self::Message(it) => says!(it.descriptor_proto()),
            Self::Field(it) => says!(it.field_descriptor_proto()),
            Self::Oneof(_) => false,
            Self::Choice(it) => says!(it.enum_descriptor_proto()),
            Self::Value(it) => says!(it.enum_value_descriptor_proto()),
            Self::Service(it) => says!(it.service_descriptor_proto()),
            Self::Method(it) => says!(it.method_descriptor_proto()),
            Self::Extension(it) => says!(it.field_descriptor_proto()),
        }
    }
}

/// Declarations before and after.
pub(super) type Kept = Vec<(Declaration, Declaration)>;

impl Comparison<'_> {
    /// Every declaration that is in both contracts.
    pub(super) fn declarations(&self) -> &[(Declaration, Declaration)] {
        self.declarations.get_or_init(|| kept(self))
    }
}

fn kept(comparison: &Comparison<'_>) -> Kept {
    let mut kept = Vec::new();
    let (old, new) = (comparison.old, comparison.new);
    let files = pair_up(old.files(), new.files(), |file| file.name().to_owned());
    take(files, Declaration::File, &mut kept);
    for fate in &comparison.messages {
        if let Fate::Kept(old, new) = fate {
            take(fields(&Pair { old, new }), Declaration::Field, &mut kept);
            let (one, other) = (old.oneofs(), new.oneofs());
            let oneofs = pair_up(one, other, |oneof| oneof.name().to_owned());
            take(oneofs, Declaration::Oneof, &mut kept);
        }
    }
    for fate in &comparison.enums {
        if let Fate::Kept(old, new) = fate {
            let (one, other) = (old.values(), new.values());
            let values = pair_up(one, other, |value| value.name().to_owned());
            take(values, Declaration::Value, &mut kept);
        }
    }
    take(comparison.messages.clone(), Declaration::Message, &mut kept);
    take(comparison.enums.clone(), Declaration::Choice, &mut kept);
    take(comparison.services.clone(), Declaration::Service, &mut kept);
    take(comparison.methods.clone(), Declaration::Method, &mut kept);
    let extensions = pair_up(extensions(old), extensions(new), |extension| {
        extension.full_name().to_owned()
    });
    take(extensions, Declaration::Extension, &mut kept);
    kept
}

fn take<T>(fates: Vec<Fate<T>>, of: fn(T) -> Declaration, kept: &mut Kept) {
    for fate in fates {
        if let Fate::Kept(old, new) = fate {
            kept.push((of(old), of(new)));
        }
    }
}

/// The extensions that a contract itself declares.
fn extensions(contract: &Contract) -> Vec<ExtensionDescriptor> {
    let extensions = contract.pool().all_extensions();
    extensions
        .filter(|extension| contract.is_own(extension.parent_file().name()))
        .collect()
}

/// All that stands in these files, as one owner: who reaches any of it is concerned.
pub(super) fn owner(package: &str, files: &[FileDescriptor]) -> Owner {
    let mut owners = Vec::new();
    for file in files {
        owners.extend(file.services().map(|service| service.owner()));
        owners.extend(file.enums().map(|choice| choice.owner()));
        let mut next: Vec<_> = file.messages().collect();
        while let Some(message) = next.pop() {
            owners.push(message.owner());
            owners.extend(message.child_enums().map(|choice| choice.owner()));
            next.extend(message.child_messages());
        }
    }
    Owner::All(owners, package.to_owned())
}
