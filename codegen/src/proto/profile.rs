//! What prost-build writes, made safe to grow: a MINOR change of a contract must not break its users' Rust.
//!
//! Messages, enums and oneofs become `#[non_exhaustive]`, and messages get a `with_…` setter for
//! each field in place of literals. What prost derives only while the fields happen to allow it is
//! taken off (`Copy`, `Eq`, `Hash`), and so is the order of enums. Comments become rustdoc.

use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, ExprLit, Field, Item, ItemEnum, ItemMod, ItemStruct, Lit, Meta, Path, Token,
    Variant, parse_quote,
};

use super::aliases::Aliases;
use super::setters;
use crate::docs;

/// Lints on enums that the shape of a contract decides, not its author's Rust.
const OF_ENUMS: [&str; 2] = ["clippy::enum_variant_names", "clippy::large_enum_variant"];
/// The same on modules.
const OF_MODULES: [&str; 1] = ["clippy::module_inception"];

/// Makes the code of one package safe to grow.
///
/// # Errors
/// If the code, with whatever attributes the author added, is not Rust.
pub(super) fn apply(code: &str, aliases: &Aliases) -> Result<syn::File, syn::Error> {
    let mut file = syn::parse_file(code)?;
    grow(&mut file.items, &[], aliases);
    Profile.visit_file_mut(&mut file);
    Ok(file)
}

/// Puts the setters of each message and the aliases of each enum behind it.
fn grow(items: &mut Vec<Item>, path: &[String], aliases: &Aliases) {
    let mut grown = Vec::with_capacity(items.len());
    for mut item in std::mem::take(items) {
        if let Item::Mod(ItemMod {
            ident,
            content: Some((_, items)),
            ..
        }) = &mut item
        {
            grow(items, &[path, &[ident.to_string()]].concat(), aliases);
        }
        let more = match &item {
            Item::Struct(message) => setters::of(message),
            Item::Enum(choice) => aliases.constants(path, choice),
            _ => None,
        };
        grown.push(item);
        grown.extend(more.map(Item::Impl));
    }
    *items = grown;
}

struct Profile;

impl VisitMut for Profile {
    fn visit_item_struct_mut(&mut self, item: &mut ItemStruct) {
        underive(&mut item.attrs, &["Copy", "Eq", "Hash"]);
        open(&mut item.attrs);
        let mut documented = item.fields.iter().map(|field| field.attrs.as_slice());
        allow(&mut item.attrs, &[], documented.all(is_documented));
        visit_mut::visit_item_struct_mut(self, item);
    }

    fn visit_item_enum_mut(&mut self, item: &mut ItemEnum) {
        let closed = item
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("repr"));
        match closed {
            true => underive(&mut item.attrs, &["PartialOrd", "Ord"]),
            false => underive(&mut item.attrs, &["Copy", "Eq", "Hash"]),
        }
        open(&mut item.attrs);
        let mut documented = item.variants.iter().map(|variant| variant.attrs.as_slice());
        allow(&mut item.attrs, &OF_ENUMS, documented.all(is_documented));
        visit_mut::visit_item_enum_mut(self, item);
    }

    fn visit_item_mod_mut(&mut self, item: &mut ItemMod) {
        allow(&mut item.attrs, &OF_MODULES, true);
        visit_mut::visit_item_mod_mut(self, item);
    }

    fn visit_field_mut(&mut self, field: &mut Field) {
        document(&mut field.attrs);
    }

    fn visit_variant_mut(&mut self, variant: &mut Variant) {
        document(&mut variant.attrs);
    }
}

fn open(attributes: &mut Vec<Attribute>) {
    document(attributes);
    let open = attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("non_exhaustive"));
    if !open {
        attributes.push(parse_quote!(#[non_exhaustive]));
    }
}

/// Allows some lints, and that documentation is missing where it is.
fn allow(attributes: &mut Vec<Attribute>, lints: &[&str], parts_are_documented: bool) {
    let missing = !(parts_are_documented && is_documented(attributes));
    let lints = missing
        .then_some("missing_docs")
        .into_iter()
        .chain(lints.iter().copied());
    let lints: Vec<_> = lints
        .filter_map(|lint| syn::parse_str::<Path>(lint).ok())
        .collect();
    if !lints.is_empty() {
        attributes.push(parse_quote!(#[allow(#(#lints),*)]));
    }
}

fn is_documented(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| comment(attribute).is_some())
}

/// Takes traits off every `#[derive(…)]`.
fn underive(attributes: &mut [Attribute], traits: &[&str]) {
    for attribute in attributes
        .iter_mut()
        .filter(|attribute| attribute.path().is_ident("derive"))
    {
        let derived = Punctuated::<Path, Token![,]>::parse_terminated;
        let Ok(derived) = attribute.parse_args_with(derived) else {
            continue;
        };
        let taken = |path: &Path| traits.iter().any(|name| path.is_ident(name));
        let kept: Vec<_> = derived.iter().filter(|path| !taken(path)).collect();
        *attribute = parse_quote!(#[derive(#(#kept),*)]);
    }
}

/// The comment lines of an item.
pub(super) fn comments(attributes: &[Attribute]) -> Vec<String> {
    attributes.iter().filter_map(comment).collect()
}

fn comment(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Makes rustdoc of an item's comments.
fn document(attributes: &mut Vec<Attribute>) {
    let lines = docs::clean(&comments(attributes));
    attributes.retain(|attribute| comment(attribute).is_none());
    let lines = lines.iter().map(|line| parse_quote!(#[doc = #line]));
    attributes.splice(0..0, lines);
}

#[cfg(test)]
mod tests {
    use super::{Aliases, apply};

    fn applied(code: &str) -> String {
        prettyplease::unparse(&apply(code, &Aliases::default()).expect("Rust"))
    }

    #[test]
    fn messages_derive_nothing_that_a_new_field_could_take_away() {
        let code = applied(
            "#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)] pub struct Movie {}",
        );
        assert!(
            code.contains("#[derive(Clone, PartialEq, ::prost::Message)]"),
            "{code}"
        );
        assert!(code.contains("#[non_exhaustive]"), "{code}");
    }

    #[test]
    fn enums_keep_what_a_number_has_and_lose_their_order() {
        let code = applied(
            "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)] \
             #[repr(i32)] pub enum Kind { Short = 0 }",
        );
        let kept = "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ::prost::Enumeration)]";
        assert!(code.contains(kept), "{code}");
    }

    #[test]
    fn code_in_comments_is_no_doctest() {
        let code = applied("/// Like\n///\n///     let x;\npub struct Movie {}");
        assert!(code.contains("/// ```text\n/// let x;\n/// ```"), "{code}");
    }
}
