//! Reads arguments by their names, and says which ones nobody asked for.

use couplet_codegen::draft::Written;
use couplet_codegen::ir::Code;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, ExprLit, ExprUnary, Ident, Lit, UnOp};

use crate::ast::{Argument, Arguments, Value};
use crate::report::Report;

/// The arguments of one attribute or group. What is asked for is what is known.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    arguments: &'a Arguments,
    known: Vec<&'static str>,
    report: &'a mut Report,
}

/// Reads the arguments of `owner` with `of`, and notes those that it did not ask for.
pub(super) fn read<T>(
    owner: &str,
    arguments: &Arguments,
    report: &mut Report,
    of: impl FnOnce(&mut Reader<'_>) -> T,
) -> T {
    let mut reader = Reader {
        arguments,
        known: Vec::new(),
        report,
    };
    let read = of(&mut reader);
    let known = reader.known;
    for Argument { name, .. } in &arguments.0 {
        if !known.iter().any(|known| name.unraw() == known) {
            let title = format!("unknown argument `{name}` of `{owner}`");
            report.wrong(name, title, format!("known: {}", known.join(", ")));
        }
    }
    read
}

impl<'a> Reader<'a> {
    /// `name = "text"`.
    pub(super) fn text(&mut self, name: &'static str, example: &str) -> Option<Written<String>> {
        let expected = format!("{name} = \"{example}\"");
        self.given(name, &expected, |value| match value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        })
    }

    /// `name = 3`.
    pub(super) fn number(&mut self, name: &'static str) -> Option<Written<u32>> {
        let expected = format!("{name} = 3");
        self.given(name, &expected, |value| match value {
            Expr::Lit(ExprLit {
                lit: Lit::Int(number),
                ..
            }) => number.base10_parse().ok(),
            _ => None,
        })
    }

    /// `name = 0.5`, or `name = 50`.
    pub(super) fn float(&mut self, name: &'static str) -> Option<Written<f32>> {
        self.given(name, &format!("{name} = 2.5"), float)
    }

    /// `name = true`.
    pub(super) fn truth(&mut self, name: &'static str) -> Option<Written<bool>> {
        self.given(name, &format!("{name} = false"), |value| match value {
            Expr::Lit(ExprLit {
                lit: Lit::Bool(truth),
                ..
            }) => Some(truth.value),
            _ => None,
        })
    }

    /// `name = [UNAVAILABLE, INTERNAL]`.
    pub(super) fn codes(&mut self, name: &'static str) -> Vec<Written<Code>> {
        let expected = format!("{name} = [UNAVAILABLE]");
        let array = self.given(name, &expected, |value| match value {
            Expr::Array(array) => Some(array.elems.clone()),
            _ => None,
        });
        let codes = array.into_iter().flat_map(|array| array.value);
        codes.filter_map(|code| self.code(&code)).collect()
    }

    /// `name = WORD`, one of `words`.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&str, T)],
    ) -> Option<Written<T>> {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let expected = format!("{name} = {}", known.join(" or "));
        self.given(name, &expected, |value| {
            let word = value.to_token_stream().to_string();
            let choice = words.iter().find(|(known, _)| *known == word)?;
            Some(choice.1)
        })
    }

    /// `name(..)`, read by `of`.
    pub(super) fn group<T>(
        &mut self,
        name: &'static str,
        of: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Option<Written<T>> {
        let argument = self.argument(name)?;
        let Value::Group(inner) = &argument.value else {
            self.unlike(argument, &format!("{name}(..)"));
            return None;
        };
        let value = read(name, inner, self.report, of);
        Some(self.report.written(value, &argument.name))
    }

    /// `name` alone.
    pub(super) fn flag(&mut self, name: &'static str) -> Option<&'a Ident> {
        let argument = self.argument(name)?;
        if !matches!(argument.value, Value::Flag) {
            self.unlike(argument, name);
        }
        Some(&argument.name)
    }

    /// Notes that these tokens are wrong, and what would be right.
    pub(super) fn wrong(&mut self, tokens: impl ToTokens, title: &str, help: &str) {
        self.report.wrong(tokens, title, help);
    }

    fn given<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        of: impl FnOnce(&Expr) -> Option<T>,
    ) -> Option<Written<T>> {
        let argument = self.argument(name)?;
        if let Value::Given(value) = &argument.value
            && let Some(read) = of(value)
        {
            return Some(self.report.written(read, value));
        }
        self.unlike(argument, expected);
        None
    }

    /// The first argument of that name; it is to be the only one.
    fn argument(&mut self, name: &'static str) -> Option<&'a Argument> {
        self.known.push(name);
        let mut of_name = self
            .arguments
            .0
            .iter()
            .filter(|argument| argument.name.unraw() == name);
        let first = of_name.next();
        for again in of_name {
            let title = format!("`{name}` is given twice");
            self.report.wrong(&again.name, title, "keep one of them");
        }
        first
    }

    fn unlike(&mut self, argument: &Argument, expected: &str) {
        let title = format!("`{}` is not written like this", argument.name);
        let help = format!("write {expected}");
        match &argument.value {
            Value::Given(value) => self.report.wrong(value, title, help),
            Value::Flag | Value::Group(_) => self.report.wrong(&argument.name, title, help),
        }
    }

    fn code(&mut self, written: &Expr) -> Option<Written<Code>> {
        let name = written.to_token_stream().to_string().replace(' ', "");
        if let Some(code) = Code::from_name(&name) {
            return Some(self.report.written(code, written));
        }
        let same = |known: &&str| bare(known) == bare(&name);
        let help = match Code::names().find(same) {
            Some(meant) => format!("write {meant}"),
            None => format!("known: {}", Code::names().collect::<Vec<_>>().join(", ")),
        };
        let title = format!("unknown status code `{name}`");
        self.report.wrong(written, title, help);
        None
    }
}

/// A name without what people write it with: `Code :: DataLoss` is DATA_LOSS.
fn bare(name: &str) -> String {
    let last = name.rsplit(':').next().unwrap_or(name);
    let letters = last.chars().filter(char::is_ascii_alphabetic);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

fn float(value: &Expr) -> Option<f32> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(number) => number.base10_parse().ok(),
            Lit::Float(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => Some(-float(expr)?),
        _ => None,
    }
}
