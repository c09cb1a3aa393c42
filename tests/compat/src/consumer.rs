//! The Rust of somebody who uses all of a contract: builds, reads and takes apart every message, tells the values of
//! every enum and oneof apart, serves and calls every service.

use std::fmt::Write;

use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    OneofDescriptor, ServiceDescriptor,
};

/// The consumer of the package `acme.v1`.
pub fn of(contract: &DescriptorPool) -> String {
    let mut text = String::new();
    let own = |package: &str| package == "acme.v1";
    for message in contract
        .all_messages()
        .filter(|message| own(message.package_name()) && !message.is_map_entry())
    {
        text.push_str(&message_user(&message));
    }
    for choice in contract
        .all_enums()
        .filter(|choice| own(choice.package_name()))
    {
        text.push_str(&enum_user(&choice));
    }
    for service in contract
        .services()
        .filter(|service| own(service.package_name()))
    {
        text.push_str(&service_user(&service));
    }
    text
}

fn message_user(message: &MessageDescriptor) -> String {
    let name = message.name();
    let fields: Vec<_> = message
        .fields()
        .filter(|field| real_oneof(field).is_none())
        .collect();
    let mut text = format!("pub fn use_{name}(received: {name}) -> {name} {{\n");
    for field in &fields {
        let _ = writeln!(
            text,
            "    let _: &{} = &received.{};",
            rust_type(field),
            field.name()
        );
    }
    let names: Vec<_> = fields
        .iter()
        .map(|field| format!("{}: _, ", field.name()))
        .collect();
    let _ = writeln!(
        text,
        "    let {name} {{ {}.. }} = received.clone();",
        names.concat()
    );
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        text.push_str(&oneof_user(&oneof));
    }
    let setters = fields
        .iter()
        .map(|field| format!(".with_{}({})", field.name(), setter_value(field)));
    let _ = writeln!(text, "    assert_eq!(received, received.clone());");
    let _ = writeln!(
        text,
        "    {name}::default(){}\n}}",
        setters.collect::<String>()
    );
    text
}

fn oneof_user(oneof: &OneofDescriptor) -> String {
    let (parent, name) = (oneof.parent_message(), camel(oneof.name()));
    let path = format!("{}::{name}", parent.name().to_lowercase());
    let arms = oneof
        .fields()
        .map(|field| format!("Some({path}::{}(_)) => 1, ", camel(field.name())));
    format!(
        "    let _ = match &received.{} {{ {}Some(_) => 2, None => 3 }};\n",
        oneof.name(),
        arms.collect::<String>()
    )
}

fn enum_user(choice: &EnumDescriptor) -> String {
    let name = choice.name();
    let arms = choice
        .values()
        .map(|value| format!("{name}::{} => {}, ", camel(value.name()), value.number()));
    let arms: String = arms.collect();
    format!("pub fn use_{name}(value: {name}) -> i32 {{\n    match value {{ {arms}_ => -1 }}\n}}\n")
}

fn service_user(service: &ServiceDescriptor) -> String {
    let name = service.name();
    let mut text = format!("pub struct {name}Fake;\nimpl {name} for {name}Fake {{\n");
    let mut calls = String::new();
    for method in service.methods() {
        let rust = match method.name().to_lowercase().as_str() {
            "do" => "r#do".to_owned(),
            other => other.to_owned(),
        };
        let (input, output) = (
            method.input().name().to_owned(),
            method.output().name().to_owned(),
        );
        let _ = writeln!(
            text,
            "    async fn {rust}(&self, request: couplet::Request<{input}>) \
             -> Result<couplet::Response<{output}>, couplet::Status> {{\n\
             \x20       let _: {input} = request.into_inner();\n\
             \x20       Ok(couplet::Response::new({output}::default()))\n    }}"
        );
        let _ = writeln!(
            calls,
            "    let _: {output} = client.{rust}({input}::default()).await?.into_inner();"
        );
    }
    let _ = writeln!(
        text,
        "}}\npub fn serve_{name}() -> {name}Server<{name}Fake> {{ {name}Server::new({name}Fake) }}"
    );
    let _ = writeln!(
        text,
        "pub fn stands_for_{name}(client: {name}Client) -> impl {name} {{ client }}"
    );
    let _ = writeln!(
        text,
        "pub async fn call_{name}(client: {name}Client) -> Result<(), couplet::Status> {{\n{calls}    Ok(())\n}}"
    );
    text
}

fn real_oneof(field: &FieldDescriptor) -> Option<OneofDescriptor> {
    field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic())
}

/// The type of a field, as somebody would write it who reads it.
fn rust_type(field: &FieldDescriptor) -> String {
    if let Kind::Message(entry) = field.kind()
        && field.is_map()
    {
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        return format!(
            "std::collections::HashMap<{}, {}>",
            scalar(&key.kind()),
            scalar(&value.kind())
        );
    }
    let one = scalar(&field.kind());
    match field.cardinality() {
        Cardinality::Repeated => format!("Vec<{one}>"),
        _ if field.supports_presence() => format!("Option<{one}>"),
        _ => one,
    }
}

fn scalar(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) if message.full_name() == "google.protobuf.Int32Value" => {
            "i32".to_owned()
        }
        Kind::Message(message) => message.name().to_owned(),
        Kind::String => "String".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Bytes => "Vec<u8>".to_owned(),
        Kind::Enum(_) | Kind::Int32 => "i32".to_owned(),
        Kind::Int64 => "i64".to_owned(),
        other => panic!("no case has a field of {other:?} yet"),
    }
}

fn setter_value(field: &FieldDescriptor) -> String {
    if let Kind::Message(entry) = field.kind()
        && field.is_map()
    {
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        return format!("[({}, {})]", value_of(&key.kind()), value_of(&value.kind()));
    }
    let one = value_of(&field.kind());
    match field.cardinality() {
        Cardinality::Repeated => format!("[{one}]"),
        _ => one,
    }
}

fn value_of(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) if message.full_name() == "google.protobuf.Int32Value" => {
            "1".to_owned()
        }
        Kind::Message(message) => format!("{}::default()", message.name()),
        Kind::String => "\"text\"".to_owned(),
        Kind::Bool => "true".to_owned(),
        Kind::Bytes => "vec![1]".to_owned(),
        Kind::Enum(choice) => format!(
            "{}::{}",
            choice.name(),
            camel(choice.default_value().name())
        ),
        _ => "1".to_owned(),
    }
}

/// `KIND_SHORT` as prost has it: `KindShort`. The cases have no prefixes to strip.
fn camel(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + &rest.to_lowercase()
    });
    words.collect()
}
