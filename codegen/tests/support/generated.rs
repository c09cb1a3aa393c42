//! A generated file in its two parts: the code, and the descriptor bytes behind it.

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// The code without the descriptor bytes at its end.
pub(crate) fn code(text: &str) -> &str {
    let end = text.find("/// The encoded `google.protobuf.FileDescriptorSet`");
    &text[..end.unwrap_or(text.len())]
}

/// The descriptor bytes at the end of the code.
pub(crate) fn descriptor(text: &str) -> Vec<u8> {
    let file = syn::parse_file(text).expect("generated code is Rust");
    let constants = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Const(item) if item.ident == "FILE_DESCRIPTOR_SET" => Some(*item.expr),
        _ => None,
    });
    match constants.last() {
        Some(syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::ByteStr(bytes),
            ..
        })) => bytes.value(),
        other => panic!("the descriptor is a byte string, not {other:?}"),
    }
}

/// The files in descriptor bytes, by name, without google's own: each compiler has its release of them.
pub(crate) fn described(descriptor: &[u8]) -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(descriptor).expect("a descriptor set");
    let mut files = set.file;
    files.retain(|file| !file.name().starts_with("google/protobuf/"));
    files.sort_by(|one, other| one.name().cmp(other.name()));
    files
}

/// Holds that two generated files are the same.
pub(crate) fn assert_same(one: &str, other: &str) {
    assert_eq!(code(one), code(other));
    assert_eq!(described(&descriptor(one)), described(&descriptor(other)));
}
