//! The client: typed messages in, typed messages out, over whatever stack it was given.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::server::kind;
use super::{allow_deprecated, deprecated, docs, messages, outcome};
use crate::ir::{Kind, Method, Service};

/// The struct, its calls, and the service's trait for it, so that a caller can be tested with a fake.
pub(super) fn emit(service: &Service) -> TokenStream {
    let shell = shell(service);
    let calls = calls(service);
    let contract = contract(service);
    quote!(#shell #calls #contract)
}

fn shell(service: &Service) -> TokenStream {
    let client = &service.idents.client;
    let doc = format!(
        " Calls `{}`. Cheap to clone; clones share one stack.",
        service.full_name()
    );
    let deprecated = deprecated(service.deprecated);
    let allow = allow_deprecated(service);
    quote! {
        #[doc = #doc]
        #deprecated
        #[derive(Clone, Debug)]
        pub struct #client<I = ::couplet::codegen::Stack> {
            stack: I,
        }

        #allow
        impl #client {
            /// Makes a client of `target`, such as `http://127.0.0.1:50051`. The connection is
            /// made with the first call.
            ///
            /// # Errors
            /// If `target` is nothing that can be connected to.
            pub async fn connect<U>(
                target: U,
            ) -> ::core::result::Result<Self, ::couplet::codegen::ConnectError>
            where
                U: ::core::convert::TryInto<::couplet::codegen::Target>,
                U::Error: ::core::convert::Into<::couplet::codegen::ConnectError>,
            {
                ::couplet::codegen::connect(target).await.map(Self::new)
            }

            /// Makes a client that calls through `channel`.
            pub fn new(channel: impl ::core::convert::Into<::couplet::codegen::Channel>) -> Self {
                Self::over(::couplet::codegen::stack(channel.into()))
            }
        }
    }
}

fn calls(service: &Service) -> TokenStream {
    let client = &service.idents.client;
    let allow = allow_deprecated(service);
    let calls = service
        .methods
        .iter()
        .enumerate()
        .map(|(index, method)| call(service, index, method));
    quote! {
        #allow
        impl<I: ::couplet::codegen::Invoke> #client<I> {
            /// Makes a client that calls through any stack: layers of your own, or a server in the
            /// same process.
            pub fn over(stack: I) -> Self {
                Self { stack }
            }

            #(#calls)*
        }
    }
}

fn call(service: &Service, index: usize, method: &Method) -> TokenStream {
    let (ident, table) = (&method.ident, &service.idents.methods);
    let docs = docs(&method.docs, &format!("Calls `{}`.", method.name));
    let deprecated = deprecated(method.deprecated);
    let (_, response) = messages(method);
    let outcome = outcome(&response);
    let index = Literal::usize_unsuffixed(index);
    let function = format_ident!("{}", kind(method.kind));
    let request = &method.request;
    let (argument, sent) = match method.kind {
        Kind::Unary | Kind::ServerStreaming => (
            quote!(::couplet::codegen::IntoRequest<#request>),
            quote!(#request),
        ),
        Kind::ClientStreaming | Kind::BidiStreaming => (
            quote!(::couplet::codegen::IntoStreamingRequest<#request>),
            quote!(::couplet::codegen::Streaming<#request>),
        ),
    };
    quote! {
        #docs
        #deprecated
        pub fn #ident(
            &self,
            request: impl #argument,
        ) -> ::couplet::codegen::Outgoing<
            #sent,
            impl ::couplet::codegen::Start<#sent, Output = #outcome>,
        > {
            ::couplet::codegen::Outgoing::new(request, move |outgoing| {
                ::couplet::codegen::call::#function(&self.stack, &#table[#index], outgoing)
            })
        }
    }
}

fn contract(service: &Service) -> TokenStream {
    let (ident, client) = (&service.idents.service, &service.idents.client);
    let allow = allow_deprecated(service);
    let methods = service.methods.iter().map(|method| {
        let (name, (request, response)) = (&method.ident, messages(method));
        let outcome = outcome(&response);
        quote! {
            async fn #name(&self, request: ::couplet::codegen::Request<#request>) -> #outcome {
                Self::#name(self, request).await
            }
        }
    });
    quote! {
        #allow
        impl<I: ::couplet::codegen::Invoke> #ident for #client<I> {
            #(#methods)*
        }
    }
}
