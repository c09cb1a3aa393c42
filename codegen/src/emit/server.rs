//! The server shell: what turns an implementation of the trait into something that answers calls.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::{allow_deprecated, contract};
use crate::ir::{Kind, Method, Service};

/// The struct, and the traits through which the runtime and tonic's and axum's routers find it.
pub(super) fn emit(service: &Service) -> TokenStream {
    let shell = shell(service);
    let dispatch = dispatch(service);
    let mounts = mounts(service);
    quote!(#shell #dispatch #mounts)
}

fn shell(service: &Service) -> TokenStream {
    let (ident, server) = (&service.idents.service, &service.idents.server);
    let doc = format!(
        " Answers calls of `{}` with an implementation of [`{ident}`].",
        service.full_name()
    );
    let (deprecated, visibility) = (&service.deprecated, &service.visibility);
    let allow = allow_deprecated(service);
    quote! {
        #[doc = #doc]
        #deprecated
        #[allow(dead_code)]
        #visibility struct #server<T> {
            service: ::std::sync::Arc<T>,
            counts: ::couplet::codegen::ServerCounts,
        }

        #allow
        #[allow(dead_code)]
        impl<T> #server<T> {
            /// Serves `service`.
            pub fn new(service: T) -> Self {
                Self::from_arc(::std::sync::Arc::new(service))
            }

            /// Serves a `service` that is used elsewhere, too.
            pub fn from_arc(service: ::std::sync::Arc<T>) -> Self {
                Self { service, counts: ::core::default::Default::default() }
            }

            /// What the policies around it did so far; clones share it. Releases that are served as one count together,
            /// and not here.
            pub fn counts(&self) -> &::couplet::codegen::ServerCounts {
                &self.counts
            }
        }

        #allow
        impl<T> ::core::clone::Clone for #server<T> {
            fn clone(&self) -> Self {
                Self {
                    service: ::std::sync::Arc::clone(&self.service),
                    counts: ::core::clone::Clone::clone(&self.counts),
                }
            }
        }

        #allow
        impl<T> ::core::fmt::Debug for #server<T> {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.debug_struct(::core::stringify!(#server)).finish_non_exhaustive()
            }
        }
    }
}

fn dispatch(service: &Service) -> TokenStream {
    let (contract, server) = (contract(service), &service.idents.server);
    let allow = allow_deprecated(service);
    let arms = service
        .methods
        .iter()
        .enumerate()
        .map(|(index, method)| arm(index, method));
    // A service without methods needs no table to look into.
    let single = service
        .methods
        .is_empty()
        .then(|| quote!(#[allow(clippy::match_single_binding)]));
    quote! {
        #allow
        #single
        // A contract may have as many methods as it likes, and each is an arm.
        #[allow(clippy::too_many_lines)]
        impl<T: #contract> ::couplet::codegen::Invoke for #server<T> {
            async fn invoke(
                &self,
                call: ::couplet::codegen::Call,
            ) -> ::core::result::Result<::couplet::codegen::Reply, ::couplet::codegen::Status> {
                match call.method.index {
                    #(#arms)*
                    _ => ::core::result::Result::Err(::couplet::codegen::serve::unknown(&call)),
                }
            }
        }
    }
}

/// The path through `T`: on the `Arc`, a method named like one of its own would be that one.
fn arm(index: usize, method: &Method) -> TokenStream {
    let (index, ident) = (Literal::usize_unsuffixed(index), &method.ident);
    let serve = format_ident!("{}", kind(method.kind));
    quote! {
        #index => {
            ::couplet::codegen::serve::#serve(call, |request| T::#ident(&self.service, request)).await
        }
    }
}

/// The name of a kind of method in the runtime.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Unary => "unary",
        Kind::ServerStreaming => "server_streaming",
        Kind::ClientStreaming => "client_streaming",
        Kind::BidiStreaming => "bidi_streaming",
    }
}

fn mounts(service: &Service) -> TokenStream {
    let (server, data) = (&service.idents.server, &service.idents.data);
    let contract = contract(service);
    let name = service.full_name();
    let allow = allow_deprecated(service);
    quote! {
        #allow
        impl<T: #contract> ::couplet::codegen::Contract for #server<T> {
            const SERVICE: &'static ::couplet::codegen::Service = &#data;

            fn counts(&self) -> ::couplet::codegen::ServerCounts {
                ::core::clone::Clone::clone(&self.counts)
            }
        }

        #allow
        impl<T> ::couplet::codegen::NamedService for #server<T> {
            const NAME: &'static str = #name;
        }

        #allow
        impl<T: #contract, B: ::couplet::codegen::HttpBody>
            ::couplet::codegen::tower::Service<::couplet::codegen::http::Request<B>> for #server<T>
        {
            type Response = ::couplet::codegen::serve::HttpResponse;
            type Error = ::core::convert::Infallible;
            type Future = ::couplet::codegen::serve::HttpFuture;

            fn poll_ready(
                &mut self,
                _: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<::core::result::Result<(), Self::Error>> {
                ::core::task::Poll::Ready(::core::result::Result::Ok(()))
            }

            fn call(&mut self, request: ::couplet::codegen::http::Request<B>) -> Self::Future {
                ::couplet::codegen::serve::http(::core::clone::Clone::clone(self), request)
            }
        }
    }
}
