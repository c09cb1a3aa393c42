//! Since when the parts of a service's requests are there, as a table that the runtime walks along.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::ir::{Ages, FieldAge, Inside, MethodAge};

/// The table as an expression; none where clients ask for their own MINOR.
pub(super) fn emit(ages: Option<&Ages>) -> TokenStream {
    let Some(ages) = ages else {
        return quote!(::core::option::Option::None);
    };
    let releases = ages.releases.iter().map(ToString::to_string);
    let methods = ages.methods.iter().map(method);
    let messages = ages.messages.iter().map(|fields| {
        let fields = fields.iter().map(field);
        quote!(&[#(#fields),*])
    });
    let enums = ages.enums.iter().map(|values| {
        let values = values.iter().map(|(number, since)| {
            let (number, since) = (Literal::i32_unsuffixed(*number), place(*since));
            quote!((#number, #since))
        });
        quote!(&[#(#values),*])
    });
    quote! {
        ::core::option::Option::Some(&::couplet::codegen::Ages {
            releases: &[#(#releases),*],
            methods: &[#(#methods),*],
            messages: &[#(#messages),*],
            enums: &[#(#enums),*],
        })
    }
}

fn method(method: &MethodAge) -> TokenStream {
    let (since, newest, request) = (
        place(method.since),
        place(method.newest),
        place(method.request),
    );
    quote!(::couplet::codegen::MethodAge { since: #since, newest: #newest, request: #request })
}

fn field(field: &FieldAge) -> TokenStream {
    let (number, since) = (Literal::u32_unsuffixed(field.number), place(field.since));
    let inside = match field.inside {
        Inside::Nothing => quote!(Nothing),
        Inside::Message(message) => {
            let message = place(message);
            quote!(Message(#message))
        }
        Inside::Enum(values) => {
            let values = place(values);
            quote!(Enum(#values))
        }
    };
    quote! {
        ::couplet::codegen::FieldAge {
            number: #number,
            since: #since,
            inside: ::couplet::codegen::Inside::#inside,
        }
    }
}

fn place(place: usize) -> Literal {
    Literal::usize_unsuffixed(place)
}
