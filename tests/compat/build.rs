//! Generates, for every change that must not break Rust, the contract before and after it, and one consumer of both.

#[path = "src/consumer.rs"]
mod consumer;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const CASES: &str = "../cases/compat.json";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={CASES}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let cases: serde_json::Value = serde_json::from_str(&fs::read_to_string(CASES)?)?;
    let (mut versions, mut consumers) = ([String::new(), String::new()], String::new());
    for case in cases.as_array().expect("a list of cases") {
        if !["none", "minor"].contains(&case["label"]["src"].as_str().expect("a label")) {
            continue;
        }
        let name = case["case"].as_str().expect("a name");
        let mut contracts = Vec::new();
        for (age, versions) in ["old", "new"].into_iter().zip(&mut versions) {
            let folder = out.join(name).join(age);
            contracts.push(generate(&case[age], &folder)?);
            let tree = folder.join("_contract.rs");
            let _ = writeln!(versions, "pub mod {name} {{ include!({tree:?}); }}");
        }
        // The consumer knows the contract as it was, and is compiled against both.
        let path = out.join(name).join("consumer.rs");
        fs::write(&path, consumer::of(&contracts[0]))?;
        for age in ["old", "new"] {
            let _ = writeln!(
                consumers,
                "mod {name}_{age} {{ use couplet_compat::{age}::{name}::acme::v1::*; include!({path:?}); }}"
            );
        }
    }
    fs::write(out.join("consumers.rs"), consumers)?;
    let [old, new] = versions;
    fs::write(
        out.join("versions.rs"),
        format!("pub mod old {{\n{old}}}\npub mod new {{\n{new}}}\n"),
    )
}

/// Writes a contract and what is generated for it to `folder`.
fn generate(files: &serde_json::Value, folder: &Path) -> io::Result<prost_reflect::DescriptorPool> {
    let sources = folder.join("proto");
    let mut protos = Vec::new();
    for (name, text) in files.as_object().expect("files by name") {
        let path = sources.join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder"))?;
        fs::write(&path, text.as_str().expect("a text"))?;
        protos.push(path);
    }
    let builder = couplet_codegen::Builder::new().quiet(true).out_dir(folder);
    builder
        .compile(&protos, &[&sources])
        .map_err(io::Error::other)?;

    let includes = [sources.as_path(), Path::new("../../proto/proto")];
    let mut compiler = protox::Compiler::new(includes).map_err(io::Error::other)?;
    compiler.open_files(&protos).map_err(io::Error::other)?;
    Ok(compiler.descriptor_pool())
}
