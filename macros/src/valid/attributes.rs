//! The attributes of a trait and of its functions, sorted.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

use crate::ast::{Argument, Arguments};
use crate::report::Report;

/// Attributes by what they are for.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// The lines of the documentation.
    pub(super) docs: Vec<String>,
    /// `#[deprecated]`.
    pub(super) deprecated: Option<Attribute>,
    /// Those of the compiler and of other crates.
    pub(super) others: Vec<Attribute>,
    /// `#[rpc(..)]`.
    rpc: Vec<Attribute>,
}

impl Attributes {
    /// Sorts them.
    pub(super) fn read(attributes: &[Attribute]) -> Self {
        let mut sorted = Self::default();
        for attribute in attributes {
            if let Some(line) = doc(attribute) {
                sorted.docs.push(line);
            } else if attribute.path().is_ident("deprecated") {
                sorted.deprecated = Some(attribute.clone());
            } else if is_rpc(attribute) {
                sorted.rpc.push(attribute.clone());
            } else {
                sorted.others.push(attribute.clone());
            }
        }
        sorted
    }

    /// The arguments of all `#[rpc(..)]` together.
    pub(super) fn rpc(&self, report: &mut Report) -> Arguments {
        let mut all = Vec::new();
        for attribute in &self.rpc {
            let read = match &attribute.meta {
                // `#[rpc]` says what is so anyway.
                Meta::Path(_) => continue,
                _ => attribute.parse_args_with(Punctuated::<Argument, Token![,]>::parse_terminated),
            };
            match read {
                Ok(arguments) => all.extend(arguments),
                Err(error) => report.syntax(error),
            }
        }
        Arguments(all)
    }
}

/// Whether an attribute of a function is ours.
pub(crate) fn is_rpc(attribute: &Attribute) -> bool {
    attribute.path().is_ident("rpc")
}

/// A line of documentation; `None` for `#[doc(hidden)]` and for what is included from a file.
fn doc(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(line),
                ..
            }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    }
}
