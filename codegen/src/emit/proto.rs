//! The same contract as a `.proto` file, for a service that was written as a Rust trait.
//!
//! Only the messages are missing: a trait knows their names, which the runtime looks up, and not
//! their fields. Not in the table of emitters: what was a `.proto` file need not become one.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Type;

use super::allow_deprecated;
use crate::ir::{Idempotency, Kind, Method, Service};

mod options;

/// A function of the client that returns the file's text.
pub fn emit(service: &Service) -> TokenStream {
    let client = &service.idents.client;
    let allow = allow_deprecated(service);
    let head = head(service);
    let parts = parts(service);
    quote! {
        #allow
        impl #client {
            /// The contract as a `.proto` file, for programs in other languages.
            ///
            /// Its messages are named and not defined: their fields are known to their own
            /// types only. The file says which definitions it needs.
            pub fn proto() -> ::std::string::String {
                // Which of the two is needed depends on the user's messages, which a macro does not see.
                #[allow(unused_imports)]
                use ::couplet::codegen::proto::{Named as _, Unnamed as _};
                ::couplet::codegen::proto::file(#head, &[#(#parts),*])
            }
        }
    }
}

/// All that stands before the imports of messages.
fn head(service: &Service) -> String {
    let package = match service.package.as_str() {
        "" => String::new(),
        package => format!("package {package};\n\n"),
    };
    format!(
        "// {} {}, printed from its Rust trait.\nsyntax = \"proto3\";\n\n{package}\
         import \"couplet/options.proto\";\n",
        service.full_name(),
        service.version
    )
}

/// Text, and messages in between.
#[derive(Default)]
struct Parts {
    done: Vec<TokenStream>,
    text: String,
}

impl Parts {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn lines(&mut self, indent: usize, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            self.text.push_str(&" ".repeat(indent));
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    fn message(&mut self, ty: &Type) {
        self.flush();
        let name = last_name(ty);
        self.done.push(quote! {
            ::couplet::codegen::proto::Typed::<#ty>::new(#name).part()
        });
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.done
            .push(quote!(::couplet::codegen::proto::Part::Text(#text)));
    }
}

fn parts(service: &Service) -> Vec<TokenStream> {
    let mut parts = Parts::default();
    parts.text("\n");
    parts.lines(0, comment(&service.docs));
    parts.text(&format!("service {} {{\n", service.name));
    parts.lines(2, options::service(service));
    for method in &service.methods {
        parts.text("\n");
        rpc(&mut parts, method);
    }
    parts.text("}\n");
    parts.flush();
    parts.done
}

fn rpc(parts: &mut Parts, method: &Method) {
    let (sent, back) = match method.kind {
        Kind::Unary => ("", ""),
        Kind::ServerStreaming => ("", "stream "),
        Kind::ClientStreaming => ("stream ", ""),
        Kind::BidiStreaming => ("stream ", "stream "),
    };
    parts.lines(2, comment(&method.docs));
    parts.text(&format!("  rpc {}({sent}", method.name));
    parts.message(&method.request);
    parts.text(&format!(") returns ({back}"));
    parts.message(&method.response);
    let lines = options::method(method);
    match lines.is_empty() {
        true => parts.text(");\n"),
        false => {
            parts.text(") {\n");
            parts.lines(4, lines);
            parts.text("  }\n");
        }
    }
}

fn comment(docs: &[String]) -> impl Iterator<Item = String> {
    let lines = docs.iter().flat_map(|doc| doc.split('\n'));
    lines.map(|line| format!("//{line}").trim_end().to_owned())
}

/// The standard options that say what the ir says.
fn standard(method: &Method) -> impl Iterator<Item = String> {
    let deprecated = method.deprecated.is_some().then_some("deprecated = true");
    let level = match method.idempotency {
        Idempotency::Unknown => None,
        Idempotency::NoSideEffects => Some("idempotency_level = NO_SIDE_EFFECTS"),
        Idempotency::Idempotent => Some("idempotency_level = IDEMPOTENT"),
    };
    let options = [deprecated, level].into_iter().flatten();
    options.map(|option| format!("option {option};"))
}

/// How a message is called that does not say its name itself: as its type.
fn last_name(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map_or_else(String::new, |last| last.ident.to_string()),
        other => other.to_token_stream().to_string(),
    }
}
