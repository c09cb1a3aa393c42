//! Compiles the contract of two later releases: 1.5.0, which serves the clients of 1.4, and 2.0.0, which does not.

use std::{env, error::Error, fs, path::PathBuf};

use couplet_codegen::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    couplet_codegen::compile(&["next/movies.proto"], &["next"]);
    // The two have one package: each has a folder of its own.
    let later = PathBuf::from(env::var("OUT_DIR")?).join("later");
    fs::create_dir_all(&later)?;
    Builder::new()
        .out_dir(later)
        .compile(&["later/movies.proto"], &["later"])?;
    Ok(())
}
