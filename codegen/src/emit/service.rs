//! The trait of a service: what a server implements and a client is.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{allow_names, docs, messages, outcome};
use crate::ir::{Body, Method, Service};

/// The trait, every method with a body of its own: a method that the contract gains later must
/// not break those who implement it.
pub(super) fn emit(service: &Service) -> TokenStream {
    let ident = &service.idents.service;
    let docs = docs(
        &service.docs,
        &format!("The service `{}`.", service.full_name()),
    );
    let (deprecated, visibility) = (&service.deprecated, &service.visibility);
    let (attributes, allow) = (&service.attributes, allow_names(service));
    let methods = service
        .methods
        .iter()
        .enumerate()
        .map(|(index, method)| declaration(service, index, method));
    quote! {
        #docs
        #deprecated
        #allow
        #[allow(dead_code)]
        #(#attributes)*
        #visibility trait #ident: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
    }
}

fn declaration(service: &Service, index: usize, method: &Method) -> TokenStream {
    let (ident, table) = (&method.ident, &service.idents.methods);
    let docs = docs(&method.docs, &format!("Calls `{}`.", method.name));
    let (deprecated, attributes) = (&method.deprecated, &method.attributes);
    let (request, response) = messages(method);
    let outcome = outcome(&response);
    let index = Literal::usize_unsuffixed(index);
    let (pattern, body) = match &method.body {
        Some(Body { request, block }) => (quote!(#request), quote!(async move #block)),
        None => (
            quote!(request),
            quote!(::couplet::codegen::unimplemented(request, &#table[#index])),
        ),
    };
    quote! {
        #docs
        #deprecated
        #(#attributes)*
        fn #ident(
            &self,
            #pattern: ::couplet::codegen::Request<#request>,
        ) -> impl ::core::future::Future<Output = #outcome> + ::core::marker::Send {
            #body
        }
    }
}
