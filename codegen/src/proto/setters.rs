//! A `with_…` method for each field of a message, in place of the literals that users cannot write.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{
    Attribute, Field, Fields, GenericArgument, Ident, ItemImpl, ItemStruct, Meta, Path,
    PathArguments, Token, Type, parse_quote, punctuated::Punctuated,
};

use super::profile::comments;

/// The setters of a message; none for other structs and for messages without fields.
pub(super) fn of(message: &ItemStruct) -> Option<ItemImpl> {
    let Fields::Named(fields) = &message.fields else {
        return None;
    };
    let names: Vec<_> = fields
        .named
        .iter()
        .filter_map(|field| field.ident.clone())
        .collect();
    let setters: Vec<_> = fields
        .named
        .iter()
        .filter_map(|field| setter(field, &names))
        .collect();
    let ident = &message.ident;
    (!setters.is_empty()).then(|| {
        parse_quote! {
            #[allow(dead_code)]
            impl #ident {
                #(#setters)*
            }
        }
    })
}

fn setter(field: &Field, names: &[Ident]) -> Option<TokenStream> {
    let name = field.ident.as_ref()?;
    let prost = field
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("prost"))?;
    let kind = Kind::of(prost);
    let (argument, value) = argument(&field.ty, &kind);
    let setter = ident_of(name, names);
    let doc = match comments(&field.attrs).first() {
        Some(first) if !first.trim().is_empty() => {
            format!(" Sets `{}`:{first}", plain(name))
        }
        _ => format!(" Sets `{}`.", plain(name)),
    };
    let doc = crate::docs::clean(&[doc]);
    let deprecated = field
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("deprecated"));
    let allow = deprecated.map(|_| quote!(#[allow(deprecated)]));
    Some(quote! {
        #(#[doc = #doc])*
        #deprecated
        #allow
        #[must_use]
        pub fn #setter(mut self, value: #argument) -> Self {
            self.#name = #value;
            self
        }
    })
}

/// `with_title`; with an underscore where a field of that name has an accessor of that name.
fn ident_of(name: &Ident, names: &[Ident]) -> Ident {
    let setter = format_ident!("with_{}", plain(name));
    match names.contains(&setter) {
        true => format_ident!("{setter}_"),
        false => setter,
    }
}

fn plain(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

/// What the `#[prost(…)]` of a field says about its type.
#[derive(Default)]
struct Kind {
    /// The enum of a singular or repeated field.
    choice: Option<Path>,
    /// The enum of a map's values.
    value_choice: Option<Path>,
}

impl Kind {
    fn of(attribute: &Attribute) -> Self {
        let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
        let metas = attribute.parse_args_with(parse).unwrap_or_default();
        let mut kind = Self::default();
        for meta in metas {
            let Meta::NameValue(pair) = meta else {
                continue;
            };
            let text = match &pair.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) => text.value(),
                _ => continue,
            };
            if pair.path.is_ident("enumeration") {
                kind.choice = syn::parse_str(&text).ok();
            } else if pair.path.is_ident("map") || pair.path.is_ident("btree_map") {
                let value = text
                    .split_once("enumeration(")
                    .and_then(|(_, rest)| rest.rsplit_once(')'));
                kind.value_choice = value.and_then(|(path, _)| syn::parse_str(path).ok());
            }
        }
        kind
    }
}

/// The type of a setter's argument, and what the field becomes.
fn argument(ty: &Type, kind: &Kind) -> (TokenStream, TokenStream) {
    if let Some(inner) = within(ty, "Option") {
        let (argument, value) = single(inner, kind);
        return (argument, quote!(::core::option::Option::Some(#value)));
    }
    if let Some((key, value)) = map(ty) {
        return pairs(key, value, kind);
    }
    if let Some(inner) = within(ty, "Vec").filter(|inner| !is(inner, "u8")) {
        return many(inner, kind);
    }
    single(ty, kind)
}

/// One value: a typed enum, anything that becomes a string, bytes or a message, or the plain number.
fn single(ty: &Type, kind: &Kind) -> (TokenStream, TokenStream) {
    if let Some(choice) = &kind.choice {
        return (
            choice.to_token_stream(),
            quote!(::core::convert::Into::into(value)),
        );
    }
    if let Some(inner) = within(ty, "Box") {
        let boxed = boxed(ty);
        return (
            quote!(impl ::core::convert::Into<#inner>),
            quote!(#boxed::new(::core::convert::Into::into(value))),
        );
    }
    match is_plain(ty) {
        true => (ty.to_token_stream(), quote!(value)),
        false => (
            quote!(impl ::core::convert::Into<#ty>),
            quote!(::core::convert::Into::into(value)),
        ),
    }
}

/// `…::Box` without what is in it.
fn boxed(ty: &Type) -> TokenStream {
    match ty {
        Type::Path(path) => {
            let mut path = path.path.clone();
            if let Some(last) = path.segments.last_mut() {
                last.arguments = PathArguments::None;
            }
            path.to_token_stream()
        }
        other => other.to_token_stream(),
    }
}

fn many(inner: &Type, kind: &Kind) -> (TokenStream, TokenStream) {
    let iterator = |item: TokenStream| quote!(impl ::core::iter::IntoIterator<Item = #item>);
    if let Some(choice) = &kind.choice {
        let values = quote! {
            ::core::iter::IntoIterator::into_iter(value).map(::core::convert::Into::into).collect()
        };
        return (iterator(choice.to_token_stream()), values);
    }
    match is(inner, "String") {
        true => (
            iterator(quote!(impl ::core::convert::Into<#inner>)),
            quote! {
                ::core::iter::IntoIterator::into_iter(value).map(::core::convert::Into::into).collect()
            },
        ),
        false => (
            iterator(inner.to_token_stream()),
            quote!(::core::iter::IntoIterator::into_iter(value).collect()),
        ),
    }
}

fn pairs(key: &Type, value: &Type, kind: &Kind) -> (TokenStream, TokenStream) {
    let one = |ty: &Type, name: Ident| match is(ty, "String") {
        true => (
            quote!(impl ::core::convert::Into<#ty>),
            quote!(::core::convert::Into::into(#name)),
        ),
        false => (ty.to_token_stream(), name.to_token_stream()),
    };
    let (key, as_key) = one(key, format_ident!("key"));
    let (value, as_value) = match &kind.value_choice {
        Some(choice) => (
            choice.to_token_stream(),
            quote!(::core::convert::Into::into(value)),
        ),
        None => one(value, format_ident!("value")),
    };
    let plain = as_key.to_string() == "key" && as_value.to_string() == "value";
    let mapped = (!plain).then(|| quote!(.map(|(key, value)| (#as_key, #as_value))));
    (
        quote!(impl ::core::iter::IntoIterator<Item = (#key, #value)>),
        quote!(::core::iter::IntoIterator::into_iter(value) #mapped .collect()),
    )
}

/// The type in `name<…>`.
fn within<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    match arguments(ty, name)?.as_slice() {
        [inner] => Some(inner),
        _ => None,
    }
}

fn map(ty: &Type) -> Option<(&Type, &Type)> {
    let arguments = arguments(ty, "HashMap").or_else(|| arguments(ty, "BTreeMap"))?;
    match arguments.as_slice() {
        [key, value] => Some((key, value)),
        _ => None,
    }
}

fn arguments<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
    let Type::Path(path) = ty else { return None };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    Some(types.collect())
}

fn is(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// Whether a literal of this type needs no conversion.
fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 7] = ["bool", "f32", "f64", "i32", "i64", "u32", "u64"];
    matches!(ty, Type::Tuple(_))
        || PLAIN
            .iter()
            .any(|name| matches!(ty, Type::Path(path) if path.path.is_ident(name)))
}
