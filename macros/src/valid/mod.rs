//! From a trait to the draft of a contract: what a trait must look like so that it can be one.
//!
//! What holds for every contract, whatever it is written in, is held by `check` of couplet-codegen.

mod attributes;
mod names;
mod signature;

use couplet_codegen::derived::Derived;
use couplet_codegen::draft::{Language, Method, Service, Written};
use couplet_codegen::ir::{Ages, Body, Descriptor};
use heck::ToUpperCamelCase;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Ident, ItemTrait, TraitItem, TraitItemFn, Type, TypeParamBound};

use self::attributes::Attributes;
pub(crate) use self::attributes::is_rpc;
use crate::ast::Arguments;
use crate::attr;
use crate::report::Report;

/// A contract, and the types as its author wrote them.
#[derive(Debug)]
pub(crate) struct Valid {
    pub(crate) service: Service,
    /// The type of each method's argument and of its answer.
    pub(crate) types: Vec<(Type, Type)>,
}

/// Makes the draft of a contract. What is wrong with the trait is noted, and stands in the draft as something harmless.
pub(crate) fn service(arguments: &Arguments, item: &ItemTrait, report: &mut Report) -> Valid {
    let said = attr::service(arguments, report);
    plain(item, report);
    let (methods, types) = methods(item, report);
    let package = needed(said.package, "package", "movies.v1", report);
    if let Some(package) = &package {
        names::package(package, report);
    }
    let version = needed(said.version, "version", "1.0.0", report);
    let attributes = Attributes::read(&item.attrs);
    let service = Service {
        language: Language::Rust,
        package: package.map_or_else(String::new, |package| package.value),
        name: name(said.name, &item.ident, report),
        ident: Some(item.ident.clone()),
        visibility: item.vis.clone(),
        attributes: attributes.others,
        docs: attributes.docs,
        deprecated: attributes.deprecated,
        // There is nothing to compare it with where the version is missing.
        accepts: said.accepts.filter(|_| version.is_some()),
        // Without a history nobody knows how far back the wire reaches.
        cross_major: None,
        client_min: None,
        client_version: said.client_version,
        version,
        defaults: said.defaults,
        methods,
        descriptor: Descriptor::None,
        schema: String::new(),
        // What is written in Rust alone has no released text to compare with.
        derived: Derived::default(),
        ages: Ages::default(),
    };
    Valid { service, types }
}

/// The methods, each with its types as they were written.
fn methods(item: &ItemTrait, report: &mut Report) -> (Vec<Method>, Vec<(Type, Type)>) {
    let mut methods = Vec::new();
    let mut types = Vec::new();
    for inside in &item.items {
        match inside {
            TraitItem::Fn(function) => {
                let (method, written) = method(function, report);
                methods.push(method);
                types.push(written);
            }
            other => report.wrong(
                other,
                "this is no method",
                "a contract has only methods, such as \
                 async fn get(&self, request: Request<Q>) -> Result<Response<A>, Status>;",
            ),
        }
    }
    (methods, types)
}

/// What a trait can be, and a contract cannot.
fn plain(item: &ItemTrait, report: &mut Report) {
    let mut wrong = |tokens: &dyn ToTokens, what: &str, help: &str| {
        report.wrong(
            tokens,
            format!("a contract is no {what} trait"),
            help.to_owned(),
        );
    };
    if !item.generics.params.is_empty() {
        wrong(&item.generics, "generic", "write the types that are sent");
    } else if let Some(clause) = &item.generics.where_clause {
        wrong(clause, "generic", "leave the bounds out");
    }
    if let Some(word) = &item.unsafety {
        wrong(word, "unsafe", "leave the word out");
    }
    if let Some(word) = &item.auto_token {
        wrong(word, "auto", "leave the word out");
    }
    for bound in item.supertraits.iter().filter(|bound| !is_implied(bound)) {
        report.wrong(
            bound,
            "a contract stands on no other trait",
            "its client implements it, too: only Send, Sync and 'static hold for every client",
        );
    }
}

fn is_implied(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last();
            last.is_some_and(|last| {
                ["Send", "Sync", "Sized"]
                    .iter()
                    .any(|name| last.ident == name)
            })
        }
        TypeParamBound::Lifetime(lifetime) => lifetime.ident == "static",
        _ => false,
    }
}

fn method(function: &TraitItemFn, report: &mut Report) -> (Method, (Type, Type)) {
    let attributes = Attributes::read(&function.attrs);
    for attribute in attributes.others.iter().filter(|found| conditional(found)) {
        report.wrong(
            attribute,
            "a method cannot come and go",
            "both ends of a contract have the same methods: take the condition off",
        );
    }
    let said = attr::rpc(&attributes.rpc(report), report);
    let signature = signature::read(&function.sig, report);
    let body = function.default.clone().map(|block| Body {
        request: signature.pattern,
        block,
    });
    let method = Method {
        name: name(said.name, &function.sig.ident, report),
        ident: Some(function.sig.ident.clone()),
        attributes: attributes.others,
        docs: attributes.docs,
        deprecated: attributes.deprecated,
        kind: signature.kind,
        idempotency: said.idempotency,
        request: signature.request,
        fields: Vec::new(),
        response: signature.response,
        body,
        policies: said.policies,
    };
    (method, signature.written)
}

/// `cfg` is not yet evaluated inside of an item that stands below an attribute.
fn conditional(attribute: &Attribute) -> bool {
    ["cfg", "cfg_attr"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

/// The name in the contract: the one that is given, or the Rust name in camel case.
fn name(given: Option<Written<String>>, ident: &Ident, report: &mut Report) -> Written<String> {
    let name = given.unwrap_or_else(|| {
        let camel = ident.unraw().to_string().to_upper_camel_case();
        report.written(camel, ident)
    });
    names::single(&name, report);
    name
}

/// Notes the lack of an argument that every contract needs.
fn needed(
    given: Option<Written<String>>,
    name: &str,
    example: &str,
    report: &mut Report,
) -> Option<Written<String>> {
    // Where the arguments cannot be read, it may well be among them.
    if given.is_none() && report.is_readable() {
        let help = format!("write #[couplet::service({name} = \"{example}\", ..)]");
        let whole: Option<Ident> = None;
        report.wrong(whole, format!("no `{name}`"), help);
    }
    given
}
