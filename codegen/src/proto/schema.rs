//! What the methods and messages of a service look like, in eight digits: equal where two contracts differ in words only.
//!
//! Prereleases carry it, so that two of them meet whose contracts are the same. It is made of the file of a service and
//! of all files whose types it uses, without names of files, comments, and options of couplet's and of others.

use std::collections::BTreeMap;

use prost::Message;
use prost_reflect::FileDescriptor;

use super::messages;

/// The digits for the services of `file`.
pub(super) fn hash(file: &FileDescriptor) -> String {
    let mut files = BTreeMap::new();
    let mut next = vec![file.clone()];
    while let Some(file) = next.pop() {
        if !files.contains_key(file.name()) {
            next.extend(messages::uses(&file));
            files.insert(file.name().to_owned(), bare(&file));
        }
    }
    let mut files: Vec<_> = files.into_values().collect();
    // Not in the order of their names, which say nothing.
    files.sort();
    format!("{:08x}", fnv(&files.concat()))
}

/// A file without what no peer can tell. The types of prost have lost the options that are extensions.
fn bare(file: &FileDescriptor) -> Vec<u8> {
    let mut bare = file.file_descriptor_proto().clone();
    bare.name = None;
    bare.dependency.clear();
    bare.public_dependency.clear();
    bare.weak_dependency.clear();
    bare.options = None;
    bare.source_code_info = None;
    for service in &mut bare.service {
        service.options = None;
    }
    bare.encode_to_vec()
}

/// FNV-1a, folded to 32 bits: the same on every machine and with every release of Rust.
fn fnv(bytes: &[u8]) -> u32 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [a, b, c, d, e, f, g, h] = hash.to_be_bytes();
    u32::from_be_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
}
