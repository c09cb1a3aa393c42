//! Further names of an enum's values, which prost-build leaves out.
//!
//! A value that is renamed keeps its old name as an alias, so that those who use the old name still
//! compile. Each alias becomes an associated constant of the name that the variant would have.

use std::collections::HashMap;

use prost_reflect::{EnumDescriptor, FileDescriptor, MessageDescriptor};
use syn::{Expr, ExprLit, Ident, ItemEnum, ItemImpl, Lit, parse_quote};

use crate::names;

/// A further name for a number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alias {
    name: String,
    number: i32,
}

/// The aliases of all enums of a package, by the path of the enum: `movie::Kind`.
#[derive(Debug, Default)]
pub(super) struct Aliases(HashMap<String, Vec<Alias>>);

impl Aliases {
    /// Collects the aliases of one package's files.
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a FileDescriptor>) -> Self {
        let mut found = Self::default();
        for file in files {
            file.enums().for_each(|choice| found.collect(&[], &choice));
            file.messages()
                .for_each(|message| found.nested(&[], &message));
        }
        found
    }

    fn nested(&mut self, outer: &[String], message: &MessageDescriptor) {
        let path = [outer, &[names::module(message.name())]].concat();
        message
            .child_enums()
            .for_each(|choice| self.collect(&path, &choice));
        message
            .child_messages()
            .for_each(|child| self.nested(&path, &child));
    }

    fn collect(&mut self, path: &[String], choice: &EnumDescriptor) {
        let mut numbers = Vec::new();
        let mut aliases = Vec::new();
        for value in &choice.enum_descriptor_proto().value {
            let (name, number) = (value.name().to_owned(), value.number());
            match numbers.contains(&number) {
                true => aliases.push(Alias { name, number }),
                false => numbers.push(number),
            }
        }
        if let Some(ident) = names::type_name(choice.name()).filter(|_| !aliases.is_empty()) {
            self.0.insert(key(path, &ident), aliases);
        }
    }

    /// The constants of an enum in a module of its package; none where it has no aliases.
    pub(super) fn constants(&self, path: &[String], item: &ItemEnum) -> Option<ItemImpl> {
        let aliases = self.0.get(&key(path, &item.ident))?;
        let prefix = item.ident.to_string();
        let mut known: Vec<Ident> = item
            .variants
            .iter()
            .map(|variant| variant.ident.clone())
            .collect();
        let mut constants = Vec::new();
        for alias in aliases {
            let variant = item.variants.iter().find(|variant| {
                let number = variant
                    .discriminant
                    .as_ref()
                    .and_then(|(_, number)| literal(number));
                number == Some(alias.number)
            });
            let (variant, ident) = (&variant?.ident, ident(&alias.name, &prefix)?);
            if !known.contains(&ident) {
                let doc = format!(
                    " `{}`, which is the same as [`Self::{variant}`].",
                    alias.name
                );
                constants
                    .push(quote::quote!(#[doc = #doc] pub const #ident: Self = Self::#variant;));
                known.push(ident);
            }
        }
        let ident = &item.ident;
        (!constants.is_empty()).then(|| {
            parse_quote! {
                #[allow(non_upper_case_globals, deprecated, reason = "they are spelled as variants")]
                impl #ident {
                    #(#constants)*
                }
            }
        })
    }
}

fn key(path: &[String], ident: &Ident) -> String {
    format!("{}::{ident}", path.join("::"))
}

/// The name of a variant, without the name of its enum in front.
fn ident(name: &str, prefix: &str) -> Option<Ident> {
    let whole = names::type_name(name)?.to_string();
    let rest = whole.strip_prefix(prefix);
    let rest = rest.filter(|rest| rest.starts_with(char::is_uppercase));
    names::ident(rest.unwrap_or(&whole))
}

fn literal(number: &Expr) -> Option<i32> {
    match number {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Unary(negative) => literal(&negative.expr).map(|number: i32| -number),
        _ => None,
    }
}
