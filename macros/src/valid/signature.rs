//! The signature of a method: `async fn get(&self, request: Request<Q>) -> Result<Response<A>, Status>`.
//!
//! The last part of a path decides: `couplet::Request<Q>` is a `Request<Q>`. That it is the right one is left to the
//! compiler, which knows what names mean.

use couplet_codegen::ir::Kind;
use quote::ToTokens;
use syn::{
    FnArg, GenericArgument, Ident, Pat, PathArguments, Receiver, ReturnType, Signature, Type,
    parse_quote,
};

use crate::report::Report;

/// What a signature says.
#[derive(Debug)]
pub(super) struct Read {
    /// What the request is bound to.
    pub(super) pattern: Pat,
    pub(super) kind: Kind,
    /// The message that is sent, of a stream of them too.
    pub(super) request: Type,
    /// The message that comes back.
    pub(super) response: Type,
    /// The types of the argument and of the answer, as they were written.
    pub(super) written: (Type, Type),
}

/// Reads a signature. What is wrong is noted, and stands in the result as something harmless.
pub(super) fn read(signature: &Signature, report: &mut Report) -> Read {
    plain(signature, report);
    let (pattern, argument) = argument(signature, report);
    let (stream_in, request) = argument
        .as_ref()
        .and_then(|argument| sent(argument, report))
        .map_or((false, None), |(stream, message)| (stream, Some(message)));
    let (stream_out, response) = answer(signature, report)
        .map_or((false, None), |(stream, message)| (stream, Some(message)));
    let harmless = || parse_quote!(());
    let answer = match &signature.output {
        ReturnType::Type(_, answer) => (**answer).clone(),
        ReturnType::Default => harmless(),
    };
    Read {
        pattern: pattern.unwrap_or_else(|| parse_quote!(_)),
        kind: match (stream_in, stream_out) {
            (false, false) => Kind::Unary,
            (false, true) => Kind::ServerStreaming,
            (true, false) => Kind::ClientStreaming,
            (true, true) => Kind::BidiStreaming,
        },
        request: request.unwrap_or_else(harmless),
        response: response.unwrap_or_else(harmless),
        written: (argument.unwrap_or_else(harmless), answer),
    }
}

/// What a function can be, and a method of a contract cannot.
fn plain(signature: &Signature, report: &mut Report) {
    let name = &signature.ident;
    if signature.asyncness.is_none() {
        let title = format!("`{name}` is not async");
        report.wrong(
            signature.fn_token,
            title,
            format!("write async fn {name}(..)"),
        );
    }
    let generics = &signature.generics;
    if !generics.params.is_empty() || generics.where_clause.is_some() {
        let title = format!("`{name}` is generic");
        let help = "write the types that are sent";
        match generics.params.is_empty() {
            true => report.wrong(&generics.where_clause, title, help),
            false => report.wrong(generics, title, help),
        }
    }
    let words: [&dyn ToTokens; 3] = [&signature.constness, &signature.unsafety, &signature.abi];
    for word in words.map(ToTokens::to_token_stream) {
        if !word.is_empty() {
            let title = format!("a method of a contract is not `{word}`");
            report.wrong(word, title, "leave the word out");
        }
    }
}

/// The one argument beside `&self`.
fn argument(signature: &Signature, report: &mut Report) -> (Option<Pat>, Option<Type>) {
    let name = &signature.ident;
    match signature.receiver() {
        None => {
            let title = format!("`{name}` has no `&self`");
            report.wrong(
                name,
                title,
                format!("write async fn {name}(&self, request: Request<Q>)"),
            );
        }
        Some(receiver) if !is_shared(receiver) => {
            let title = format!("`{name}` does not take `&self`");
            report.wrong(
                receiver,
                title,
                "calls run at the same time and share the service",
            );
        }
        Some(_) => {}
    }
    let mut arguments = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    });
    let first = arguments.next();
    if first.is_none() {
        let title = format!("`{name}` takes no request");
        report.wrong(
            name,
            title,
            "write request: Request<Q>, and Request<()> for nothing",
        );
    }
    for further in arguments {
        let title = format!("`{name}` takes more than a request");
        report.wrong(further, title, "put it into the message that is sent");
    }
    first.map_or((None, None), |first| {
        (Some((*first.pat).clone()), Some((*first.ty).clone()))
    })
}

fn is_shared(receiver: &Receiver) -> bool {
    receiver.reference.is_some() && receiver.mutability.is_none() && receiver.colon_token.is_none()
}

/// The message in `Request<Q>`, and whether there is a stream of them.
fn sent(argument: &Type, report: &mut Report) -> Option<(bool, Type)> {
    let Some(message) = only(argument, "Request") else {
        let title = "this is no `Request<..>`";
        let help = "write Request<Q>, or Request<Streaming<Q>> for a stream of messages";
        report.wrong(argument, title, help);
        return None;
    };
    Some(stream_or_one(message))
}

/// The message in `Result<Response<A>, Status>`, and whether there is a stream of them.
fn answer(signature: &Signature, report: &mut Report) -> Option<(bool, Type)> {
    const HELP: &str = "write Result<Response<A>, Status>, \
                        or Result<Response<Streaming<A>>, Status> for a stream of messages";
    let ReturnType::Type(_, answer) = &signature.output else {
        let title = format!("`{}` returns nothing", signature.ident);
        report.wrong(&signature.ident, title, HELP);
        return None;
    };
    let [good, bad] = arguments(answer, "Result").unwrap_or_default()[..] else {
        report.wrong(answer, "this is no `Result<Response<..>, Status>`", HELP);
        return None;
    };
    let message = only(good, "Response");
    if message.is_none() {
        report.wrong(good, "this is no `Response<..>`", HELP);
    }
    if arguments(bad, "Status").is_none_or(|arguments| !arguments.is_empty()) {
        report.wrong(bad, "this is no `Status`", HELP);
    }
    message.map(stream_or_one)
}

fn stream_or_one(message: &Type) -> (bool, Type) {
    match only(message, "Streaming") {
        Some(message) => (true, message.clone()),
        None => (false, message.clone()),
    }
}

/// The `T` in `name<T>`.
fn only<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    match arguments(ty, name)?[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// The types in `name<..>`, whatever path leads there.
fn arguments<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
    let path = match ty {
        Type::Path(path) => &path.path,
        // Around what a macro by example was handed.
        Type::Group(group) => return arguments(&group.elem, name),
        Type::Paren(paren) => return arguments(&paren.elem, name),
        _ => return None,
    };
    let last = path.segments.last().filter(|last| is(&last.ident, name))?;
    match &last.arguments {
        PathArguments::None => Some(Vec::new()),
        PathArguments::Parenthesized(_) => None,
        PathArguments::AngleBracketed(inner) => {
            let types = inner.args.iter().map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            types.collect()
        }
    }
}

fn is(ident: &Ident, name: &str) -> bool {
    ident == name
}
