//! From a service that is right to the Rust that says what it is.
//!
//! An emitter is a total function: it cannot fail and decides nothing. What it writes is data and
//! thin shells; everything that is *done* is in the runtime, behind `::couplet::codegen`. To add
//! an emitter, write its file and add its line to [`EMITTERS`].

mod ages;
mod client;
mod descriptor;
pub mod proto;
mod server;
mod service;
#[cfg(feature = "proto")]
pub mod service_config;
#[cfg(feature = "proto")]
pub mod tonic;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Type};

use crate::ir::{Kind, Method, Service};

/// What writes down one side of a service.
pub type Emitter = fn(&Service) -> TokenStream;

/// Everything that is generated for a service, in this order.
pub const EMITTERS: &[(&str, Emitter)] = &[
    ("service", service::emit),
    ("server", server::emit),
    ("client", client::emit),
    ("descriptor", descriptor::emit),
];

/// Everything that is generated for a service.
pub fn service(service: &Service) -> TokenStream {
    EMITTERS.iter().map(|(_, emit)| emit(service)).collect()
}

/// Comment lines as doc attributes, after a sentence for where there are none.
fn docs(lines: &[String], otherwise: &str) -> TokenStream {
    match lines {
        [] => {
            let line = format!(" {otherwise}");
            quote!(#[doc = #line])
        }
        lines => quote!(#(#[doc = #lines])*),
    }
}

// A program that includes a contract uses a part of it: what is generated allows `dead_code` wherever rustc would
// otherwise warn of the rest.

/// Lets generated code use what its own contract advises against.
fn allow_deprecated(service: &Service) -> Option<TokenStream> {
    let methods = service.methods.iter().map(|method| &method.deprecated);
    let any = methods
        .chain([&service.deprecated])
        .any(Option::<Attribute>::is_some);
    any.then(|| quote!(#[allow(deprecated)]))
}

/// Lets methods be named as the contract names them, whatever Rust's conventions say of `from_` and `into_`.
fn allow_names(service: &Service) -> Option<TokenStream> {
    let mut names = service
        .methods
        .iter()
        .map(|method| method.ident.to_string());
    let known = ["as_", "from_", "into_", "is_", "to_"];
    let any = names.any(|name| known.iter().any(|prefix| name.starts_with(prefix)));
    any.then(|| quote!(#[allow(clippy::wrong_self_convention)]))
}

/// The Rust type of what a handler receives and of what it answers with.
pub fn messages(method: &Method) -> (Type, Type) {
    let stream = |message: &Type| syn::parse_quote!(::couplet::codegen::Streaming<#message>);
    let (request, response) = (&method.request, &method.response);
    match method.kind {
        Kind::Unary => (request.clone(), response.clone()),
        Kind::ServerStreaming => (request.clone(), stream(response)),
        Kind::ClientStreaming => (stream(request), response.clone()),
        Kind::BidiStreaming => (stream(request), stream(response)),
    }
}

/// The trait of a service, by a path where it has the name of one of our type parameters.
fn contract(service: &Service) -> TokenStream {
    let ident = &service.idents.service;
    match ["B", "I", "T"].iter().any(|parameter| ident == parameter) {
        true => quote!(self::#ident),
        false => quote!(#ident),
    }
}

/// The type of a finished call.
pub fn outcome(response: &Type) -> TokenStream {
    quote! {
        ::core::result::Result<::couplet::codegen::Response<#response>, ::couplet::codegen::Status>
    }
}
