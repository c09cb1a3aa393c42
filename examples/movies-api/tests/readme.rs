//! The README's contract is one: it compiles as it stands there, without a mistake or a warning.

use std::{fs, path::Path};

const README: &str = include_str!("../../../README.md");

#[test]
fn the_contract_in_the_readme_compiles_without_a_warning() {
    let block = README
        .split("```proto\n")
        .nth(1)
        .expect("the README shows a contract");
    let contract = block.split("```").next().expect("the block ends");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    fs::create_dir_all(&folder).expect("the test's own folder");
    let file = folder.join("movies.proto");
    fs::write(&file, contract).expect("the test's own folder");
    let builder = couplet_codegen::Builder::new().quiet(true).out_dir(&folder);
    let report = builder
        .compile(&[&file], &[&folder])
        .expect("a contract without mistakes");
    assert_eq!(report.warnings, [""; 0]);
    let generated = fs::read_to_string(folder.join("movies.v1.rs")).expect("the generated code");
    assert!(generated.contains("pub trait Movies"), "{generated}");
}
