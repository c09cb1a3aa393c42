//! Plain tonic stubs of the same service, for code bases that move over one service at a time.
//!
//! tonic-build writes them from our ir. They are the only generated code that names `tonic` and
//! `tonic_prost`: who asks for them depends on both.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Type;
use tonic_build::{Attributes, CodeGenBuilder};

use crate::ir;

/// The modules `movies_client` and `movies_server`.
pub fn stubs(service: &ir::Service) -> TokenStream {
    let methods = service.methods.iter().map(|method| Method {
        ident: method.ident.to_string(),
        method,
    });
    let service = Service {
        rust_name: service.idents.service.to_string(),
        service,
        methods: methods.collect(),
    };
    let mut attributes = Attributes::default();
    // tonic answers every method in one function.
    attributes.push_mod(
        ".",
        "#[allow(clippy::mixed_attributes_style, clippy::too_many_lines)]",
    );
    let mut builder = CodeGenBuilder::new();
    builder
        .attributes(attributes)
        .emit_package(true)
        .build_transport(false);
    let client = builder.generate_client(&service, "super");
    let server = builder.generate_server(&service, "super");
    quote!(#client #server)
}

struct Service<'a> {
    service: &'a ir::Service,
    rust_name: String,
    methods: Vec<Method<'a>>,
}

struct Method<'a> {
    method: &'a ir::Method,
    ident: String,
}

impl<'a> tonic_build::Service for Service<'a> {
    type Comment = String;
    type Method = Method<'a>;

    fn name(&self) -> &str {
        &self.rust_name
    }

    fn package(&self) -> &str {
        &self.service.package
    }

    fn identifier(&self) -> &str {
        &self.service.name
    }

    fn methods(&self) -> &[Self::Method] {
        &self.methods
    }

    fn comment(&self) -> &[Self::Comment] {
        &self.service.docs
    }
}

impl tonic_build::Method for Method<'_> {
    type Comment = String;

    fn name(&self) -> &str {
        &self.ident
    }

    fn identifier(&self) -> &str {
        &self.method.name
    }

    fn codec_path(&self) -> &str {
        "tonic_prost::ProstCodec"
    }

    fn client_streaming(&self) -> bool {
        matches!(
            self.method.kind,
            ir::Kind::ClientStreaming | ir::Kind::BidiStreaming
        )
    }

    fn server_streaming(&self) -> bool {
        matches!(
            self.method.kind,
            ir::Kind::ServerStreaming | ir::Kind::BidiStreaming
        )
    }

    fn comment(&self) -> &[Self::Comment] {
        &self.method.docs
    }

    fn deprecated(&self) -> bool {
        self.method.deprecated.is_some()
    }

    fn request_response_name(&self, _: &str, _: bool) -> (TokenStream, TokenStream) {
        (below(&self.method.request), below(&self.method.response))
    }
}

/// A type as it is seen from a module below the package's: relative paths start one step up.
fn below(ty: &Type) -> TokenStream {
    match ty {
        Type::Path(path) if path.path.leading_colon.is_none() && !built_in(ty) => {
            let first = path
                .path
                .segments
                .first()
                .map(|segment| segment.ident.to_string());
            match first.as_deref() {
                Some("crate") => path.to_token_stream(),
                _ => quote!(super::#path),
            }
        }
        other => other.to_token_stream(),
    }
}

/// The types that prost has for google's wrappers.
fn built_in(ty: &Type) -> bool {
    const BUILT_IN: [&str; 7] = ["bool", "f32", "f64", "i32", "i64", "u32", "u64"];
    let Type::Path(path) = ty else { return false };
    BUILT_IN.iter().any(|name| path.path.is_ident(name))
}
