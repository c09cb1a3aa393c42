//! Generates every contract in `tests/protos`, all in one go, as a code base that uses all of them would; and with them
//! the generator's own: the golden one, and one whose names are those of generated code itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

const ROOTS: [&str; 4] = ["conformance", "etcd", "googleapis", "grpc"];
const OWN: [&str; 2] = ["../../codegen/tests/golden", "proto"];

fn main() -> io::Result<()> {
    let mut roots = ROOTS.map(|root| Path::new("../protos").join(root)).to_vec();
    roots.extend(OWN.map(PathBuf::from));
    let mut protos = Vec::new();
    for root in &roots {
        find(root, &mut protos)?;
    }
    assert!(protos.len() > 190, "only {} contracts are there", protos.len());
    protos.sort();
    // Without versions, which nobody declared for couplet: that would be a page of warnings.
    let generated = couplet_codegen::Builder::new().quiet(true).compile(&protos, &roots);
    generated.map_err(io::Error::other)?;
    for root in &roots {
        println!("cargo::rerun-if-changed={}", root.display());
    }
    Ok(())
}

fn find(folder: &Path, protos: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, protos)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            protos.push(path);
        }
    }
    Ok(())
}
