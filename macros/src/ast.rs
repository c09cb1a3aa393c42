//! The arguments of `#[service]` and `#[rpc]` as they were written: names, values and groups, whatever they mean.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Result, Token, parenthesized, token};

/// `package = "movies.v1", idempotent, retry(max_attempts = 3)`.
#[derive(Debug, Default)]
pub(crate) struct Arguments(pub(crate) Vec<Argument>);

/// One of them.
#[derive(Debug)]
pub(crate) struct Argument {
    /// What stands first.
    pub(crate) name: Ident,
    /// What follows.
    pub(crate) value: Value,
}

/// What follows a name.
#[derive(Debug)]
pub(crate) enum Value {
    /// Nothing.
    Flag,
    /// `= "250ms"`.
    Given(Expr),
    /// `(max_attempts = 3)`.
    Group(Arguments),
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let arguments = Punctuated::<Argument, Token![,]>::parse_terminated(input)?;
        Ok(Self(arguments.into_iter().collect()))
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Given(input.parse()?)
        } else if input.peek(token::Paren) {
            let inner;
            parenthesized!(inner in input);
            Value::Group(inner.parse()?)
        } else {
            Value::Flag
        };
        Ok(Self { name, value })
    }
}
