//! What is generated once and kept in the runtime, which cannot generate at its own build.
//!
//! `COUPLET_BLESS=1 cargo test -p couplet-tests --test generated` writes it anew.

use std::{env, fs, path::Path};

use couplet_codegen::Builder;

/// Holds what `contract` becomes against the file of that name in its folder.
#[track_caller]
fn kept(folder: &str, contract: &str, package: &str) {
    let folder = Path::new("../runtime/src").join(folder);
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(package);
    fs::create_dir_all(&out).expect("the folder of tests");
    let built = Builder::new()
        .quiet(true)
        .out_dir(&out)
        .compile(&[folder.join(contract)], &[&folder]);
    built.expect("the contract is right");
    let file = format!("{package}.rs");
    let text = fs::read_to_string(out.join(&file)).expect("the package's file");
    // Nobody asks these for their descriptor.
    let (text, _) = text
        .split_once("/// The encoded `google.protobuf.FileDescriptorSet`")
        .expect("the descriptor stands last");
    let golden = folder.join(file);
    if env::var_os("COUPLET_BLESS").is_some() {
        fs::write(&golden, text).expect("the folder of the contract");
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        text == expected,
        "{} changed; look at the difference after COUPLET_BLESS=1",
        golden.display()
    );
}

#[test]
fn the_stubs_for_etcd_are_what_its_contract_becomes() {
    kept("discovery/etcd/golden", "rpc.proto", "etcdserverpb");
}

#[test]
fn the_stubs_for_a_registry_of_our_own_are_what_its_contract_becomes() {
    kept(
        "discovery/embedded/golden",
        "registry.proto",
        "couplet.registry.v1",
    );
}

#[test]
fn the_stubs_for_the_registry_are_what_its_contract_becomes() {
    kept(
        "discovery/embedded/golden",
        "registry.proto",
        "couplet.registry.v1",
    );
}
