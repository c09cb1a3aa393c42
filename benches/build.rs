//! Generates the service of `proto` three times: by couplet with policies and without, and by tonic.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names an OUT_DIR")?);
    let folder = |name| -> std::io::Result<PathBuf> {
        let folder = out.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    };
    couplet_codegen::compile(&["proto/policies/bench.proto"], &["proto/policies"]);
    let bare = couplet_codegen::Builder::new().out_dir(folder("bare")?);
    if let Err(errors) = bare.compile(&["proto/plain/bench.proto"], &["proto/plain"]) {
        errors.tell_cargo();
    }
    tonic_prost_build::configure()
        .out_dir(folder("tonic")?)
        .compile_protos(&["proto/plain/bench.proto"], &["proto/plain"])?;
    Ok(())
}
