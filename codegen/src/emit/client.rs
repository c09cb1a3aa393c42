//! The client: typed messages in, typed messages out, over whatever stack it was given.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

use super::server::kind;
use super::{allow_deprecated, allow_names, contract, docs, messages, outcome};
use crate::ir::{Method, Service};

/// The struct, its calls, and the service's trait for it, so that a caller can be tested with a fake.
pub(super) fn emit(service: &Service) -> TokenStream {
    let shell = shell(service);
    let calls = calls(service);
    let stand_in = stand_in(service);
    let compensates = compensates(service);
    quote!(#shell #calls #stand_in #compensates)
}

fn shell(service: &Service) -> TokenStream {
    let (client, data) = (&service.idents.client, &service.idents.data);
    let doc = format!(
        " Calls `{}`. Cheap to clone; clones share one stack.",
        service.full_name()
    );
    let (deprecated, visibility) = (&service.deprecated, &service.visibility);
    let allow = allow_deprecated(service);
    quote! {
        #[doc = #doc]
        #deprecated
        #[allow(dead_code)]
        #[derive(Clone, Debug)]
        #visibility struct #client<I = ::couplet::codegen::Stack> {
            stack: I,
        }

        #allow
        #[allow(dead_code)]
        impl #client {
            /// Makes a client of `target`, such as `http://127.0.0.1:50051`, and connects it.
            ///
            /// # Errors
            /// If `target` cannot be understood or reached.
            pub async fn connect(
                target: impl ::core::convert::AsRef<str>,
            ) -> ::core::result::Result<Self, ::couplet::codegen::ConnectError> {
                ::couplet::codegen::connect(target.as_ref()).await.map(Self::new)
            }

            /// Makes a client that calls through `channel`.
            pub fn new(channel: impl ::core::convert::Into<::couplet::codegen::Channel>) -> Self {
                Self::over(::couplet::codegen::stack(channel.into(), &#data))
            }
        }
    }
}

fn calls(service: &Service) -> TokenStream {
    let client = &service.idents.client;
    let (allow, names) = (allow_deprecated(service), allow_names(service));
    let calls = service
        .methods
        .iter()
        .enumerate()
        .map(|(index, method)| call(service, index, method));
    quote! {
        #allow
        #names
        // The type of a streamed call is as long as it is, and written once.
        #[allow(clippy::type_complexity, dead_code)]
        impl<I: ::couplet::codegen::Invoke> #client<I> {
            /// Makes a client that calls through any stack: layers of your own, or a server in the
            /// same process.
            pub fn over(stack: I) -> Self {
                Self { stack }
            }

            /// The stack that the calls pass: its counts and its breakers.
            pub fn stack(&self) -> &I {
                &self.stack
            }

            #(#calls)*
        }
    }
}

fn call(service: &Service, index: usize, method: &Method) -> TokenStream {
    let (ident, table) = (&method.ident, &service.idents.methods);
    let docs = docs(&method.docs, &format!("Calls `{}`.", method.name));
    let deprecated = &method.deprecated;
    let (request, response) = messages(method);
    let outcome = outcome(&response);
    let index = Literal::usize_unsuffixed(index);
    let function = format_ident!("{}", kind(method.kind));
    let start = quote!(impl ::couplet::codegen::Start<#request, Output = #outcome> + '_);
    let send = match &method.key {
        None => quote! {
            move |outgoing| ::couplet::codegen::call::#function(&self.stack, &#table[#index], outgoing)
        },
        Some(field) => quote! {
            move |outgoing: ::couplet::codegen::Prepared<#request>| {
                let outgoing = outgoing.keyed(|request| ::couplet::codegen::key(&request.#field));
                ::couplet::codegen::call::#function(&self.stack, &#table[#index], outgoing)
            }
        },
    };
    let (start, send) = match compensation(service, method) {
        None => (start, send),
        Some((undo, compensation)) => (
            quote!(::couplet::codegen::Reversible<'_, #start, I, #compensation>),
            quote! {
                ::couplet::codegen::Reversible::new(
                    #send, &self.stack, &#table[#index], &#table[#undo],
                )
            },
        ),
    };
    quote! {
        #docs
        #deprecated
        pub fn #ident(
            &self,
            request: impl ::couplet::codegen::IntoRequest<#request>,
        ) -> ::couplet::codegen::Outgoing<#request, #start> {
            ::couplet::codegen::Outgoing::new(request, #send)
        }
    }
}

/// The method that takes back the effect of this one: its place among all, and what it is sent.
fn compensation<'a>(service: &'a Service, method: &Method) -> Option<(Literal, &'a Type)> {
    let name = method.policies.compensated_by.as_ref()?;
    let mut methods = service.methods.iter().enumerate();
    let (index, method) = methods.find(|(_, method)| method.name == *name)?;
    Some((Literal::usize_unsuffixed(index), &method.request))
}

/// The client in the place of the service.
fn stand_in(service: &Service) -> TokenStream {
    let (contract, client) = (contract(service), &service.idents.client);
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
        impl<I: ::couplet::codegen::Invoke + 'static> #contract for #client<I> {
            #(#methods)*
        }
    }
}

/// The client as what compensations are called through, where there are any.
fn compensates(service: &Service) -> Option<TokenStream> {
    let methods = &service.methods;
    let any = methods
        .iter()
        .any(|method| compensation(service, method).is_some());
    let (client, data) = (&service.idents.client, &service.idents.data);
    let allow = allow_deprecated(service);
    any.then(|| {
        quote! {
            #allow
            impl<I> ::couplet::codegen::Compensates for #client<I>
            where
                I: ::couplet::codegen::Invoke + ::core::clone::Clone + 'static,
            {
                type Stack = I;
                const SERVICE: &'static ::couplet::codegen::Service = &#data;

                fn stack(&self) -> I {
                    ::core::clone::Clone::clone(&self.stack)
                }
            }
        }
    })
}
