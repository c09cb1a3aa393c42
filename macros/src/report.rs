//! Where everything stands, what is wrong with it, and both as what the compiler shows.

use couplet_codegen::draft::Written;
use couplet_codegen::finding::{Finding, Findings, Place};
use proc_macro2::TokenStream;
use quote::ToTokens;

/// The places of a trait, and what was found there.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// By the number of the place.
    tokens: Vec<TokenStream>,
    /// What the arguments of an attribute look like to nobody.
    syntax: Vec<syn::Error>,
    /// What the rules say.
    pub(crate) findings: Findings,
}

impl Report {
    /// The place of these tokens. Without a token it is the whole attribute.
    pub(crate) fn place(&mut self, tokens: impl ToTokens) -> Place {
        self.tokens.push(tokens.into_token_stream());
        Place(u32::try_from(self.tokens.len() - 1).unwrap_or(u32::MAX))
    }

    /// A value that stands at these tokens.
    pub(crate) fn written<T>(&mut self, value: T, tokens: impl ToTokens) -> Written<T> {
        let place = self.place(tokens);
        Written { value, place }
    }

    /// Notes that these tokens are wrong, and what would be right.
    pub(crate) fn wrong(
        &mut self,
        tokens: impl ToTokens,
        title: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = self.place(tokens);
        self.findings.add(Finding::error(place, title).help(help));
    }

    /// Notes what the parser says.
    pub(crate) fn syntax(&mut self, error: syn::Error) {
        self.syntax.push(error);
    }

    /// Whether the parser had nothing to say.
    pub(crate) fn is_readable(&self) -> bool {
        self.syntax.is_empty()
    }

    /// Everything that is wrong, each thing on its own tokens.
    pub(crate) fn into_error(self) -> Option<syn::Error> {
        let Self {
            tokens,
            syntax,
            findings,
        } = self;
        let found = findings.iter().filter(|finding| finding.is_error());
        let found = found.map(|finding| {
            let tokens = usize::try_from(finding.place.0)
                .ok()
                .and_then(|place| tokens.get(place));
            syn::Error::new_spanned(tokens, shown(finding))
        });
        syntax.into_iter().chain(found).reduce(|mut all, error| {
            all.combine(error);
            all
        })
    }
}

/// A finding in the words of one compiler error.
fn shown(finding: &Finding) -> String {
    let mut text = finding.title.clone();
    if let Some(label) = &finding.label {
        text = format!("{text}: {label}");
    }
    if let Some(help) = &finding.help {
        text = format!("{text}\nhelp: {help}");
    }
    text
}
