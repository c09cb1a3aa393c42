//! From a checked contract to what stands in place of the trait; from a wrong one to its mistakes.

use couplet_codegen::ir::Method;
use couplet_codegen::{check, emit};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Item, ItemTrait, TraitItem, Type};

use crate::ast::Arguments;
use crate::report::Report;
use crate::valid;

/// What stands in place of the trait.
pub(crate) fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = match syn::parse2::<ItemTrait>(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = no_trait(&item).unwrap_or(error).into_compile_error();
            return quote!(#item #error);
        }
    };
    let mut report = Report::default();
    let arguments = syn::parse2::<Arguments>(arguments).unwrap_or_else(|error| {
        report.syntax(error);
        Arguments::default()
    });
    let valid = valid::service(&arguments, &parsed, &mut report);
    let checked = check::service(&valid.service, &mut report.findings);
    match (report.into_error(), checked) {
        (None, Some(service)) => {
            let types = service.methods.iter().zip(&valid.types).map(same);
            let (stubs, proto) = (emit::service(&service), emit::proto::emit(&service));
            quote!(#stubs #proto #(#types)*)
        }
        (error, _) => {
            let error = error.map(syn::Error::into_compile_error);
            let bare = bare(parsed);
            quote!(#bare #error)
        }
    }
}

/// What is wrong where the attribute stands on something else; `None` where the item is no Rust.
fn no_trait(item: &TokenStream) -> Option<syn::Error> {
    const TEXT: &str = "a contract is a trait\nhelp: put #[couplet::service] on a trait";
    let item = syn::parse2::<Item>(item.clone()).ok()?;
    Some(syn::Error::new_spanned(item, TEXT))
}

/// Holds the types that the author wrote against those that they were taken for: `Request` may be
/// anybody's. It also makes use of what was imported to write them.
fn same((method, (sent, answer)): (&Method, &(Type, Type))) -> TokenStream {
    let (request, response) = emit::messages(method);
    let outcome = emit::outcome(&response);
    let sent = quote_spanned! {sent.span()=>
        const _: fn(#sent) -> ::couplet::codegen::Request<#request> = |request| request;
    };
    let answer = quote_spanned! {answer.span()=>
        const _: fn(#answer) -> #outcome = |outcome| outcome;
    };
    quote!(#sent #answer)
}

/// The trait as its author wrote it, so that editors know its names in spite of a mistake.
fn bare(mut item: ItemTrait) -> TokenStream {
    for inside in &mut item.items {
        if let TraitItem::Fn(function) = inside {
            function.attrs.retain(|attribute| !valid::is_rpc(attribute));
        }
    }
    quote! {
        #[allow(async_fn_in_trait, reason = "there is an error beside it")]
        #item
    }
}
