//! Compiles both versions of the contract, each with the releases that it stands on.

use std::path::PathBuf;

fn main() {
    for version in ["1.4", "2.1"] {
        let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it")).join(version);
        std::fs::create_dir_all(&out).expect("the output folder can be written");
        let include = format!("proto/{version}");
        let built = couplet_codegen::Builder::new()
            .out_dir(out)
            .released(format!("released/{version}"))
            .compile(&[format!("{include}/movies.proto")], &[include]);
        if let Err(errors) = built {
            errors.tell_cargo();
        }
    }
}
