//! The trait of a service: what a server implements and a client is.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{deprecated, docs, messages, outcome};
use crate::ir::{Method, Service};

/// The trait, every method with a body of its own: a method that the contract gains later must
/// not break those who implement it.
pub(super) fn emit(service: &Service) -> TokenStream {
    let ident = &service.idents.service;
    let docs = docs(
        &service.docs,
        &format!("The service `{}`.", service.full_name()),
    );
    let deprecated = deprecated(service.deprecated);
    let methods = service
        .methods
        .iter()
        .enumerate()
        .map(|(index, method)| declaration(service, index, method));
    quote! {
        #docs
        #deprecated
        pub trait #ident: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
    }
}

fn declaration(service: &Service, index: usize, method: &Method) -> TokenStream {
    let (ident, table) = (&method.ident, &service.idents.methods);
    let docs = docs(&method.docs, &format!("Calls `{}`.", method.name));
    let deprecated = deprecated(method.deprecated);
    let (request, response) = messages(method);
    let outcome = outcome(&response);
    let index = Literal::usize_unsuffixed(index);
    quote! {
        #docs
        #deprecated
        fn #ident(
            &self,
            request: ::couplet::codegen::Request<#request>,
        ) -> impl ::core::future::Future<Output = #outcome> + ::core::marker::Send {
            ::couplet::codegen::unimplemented(request, &#table[#index])
        }
    }
}
