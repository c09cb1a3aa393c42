//! Every mistake in a contract and what is said about it: `ui/NAME.proto` and `ui/NAME.txt`.
//!
//! `COUPLET_BLESS=1 cargo test -p couplet-codegen --test ui` writes what is said now.

#[path = "support/peers.rs"]
mod peers;
#[path = "support/scratch.rs"]
mod scratch;

use std::fs;
use std::path::{Path, PathBuf};

use couplet_codegen::Builder;
use peers::peer;
use scratch::Scratch;

#[test]
fn every_mistake_is_told_with_its_place_and_what_would_be_right() {
    let bless = std::env::var_os("COUPLET_BLESS").is_some();
    let mut wrong = Vec::new();
    for contract in contracts() {
        let said = said(Builder::new(), &contract);
        let expected = contract.with_extension("txt");
        if bless {
            fs::write(&expected, &said).expect("the folder of this test");
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if said != expected {
            wrong.push(format!("{}:\n{said}", contract.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "told differently than before:\n\n{}",
        wrong.join("\n\n")
    );
}

fn found_by_the_compiler(contract: &Path) -> bool {
    const COMPILER: [&str; 8] = [
        "syntax_errors",
        "imports_not_found",
        "edition",
        "names_not_found",
        "options_not_imported",
        "unknown_option_fields",
        "option_of_wrong_type",
        "unknown_status_code",
    ];
    let name = contract.file_stem().and_then(|name| name.to_str());
    name.is_some_and(|name| COMPILER.contains(&name))
}

/// All that a build says about a contract.
fn said(builder: Builder, contract: &Path) -> String {
    let out = Scratch::new();
    let built = builder
        .quiet(true)
        .out_dir(out.path())
        .compile(&[contract], &["tests/ui"]);
    match built {
        Ok(report) => format!("{}\n", report.warnings.join("\n\n")),
        Err(errors) => format!("{errors}\n"),
    }
}

fn contracts() -> Vec<PathBuf> {
    let entries = fs::read_dir("tests/ui").expect("the folder of this test");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "proto")
    });
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// With the real `protoc`.
mod foreign {
    use super::*;

    #[test]
    fn protoc_leads_to_the_same_words_for_the_mistakes_that_couplet_finds() {
        let mut compared = 0;
        for contract in contracts() {
            let own = said(Builder::new(), &contract);
            let with_protoc = said(Builder::new().protoc(peer("protoc")), &contract);
            // What the compiler finds is told in the compiler's words.
            if found_by_the_compiler(&contract) {
                assert!(
                    with_protoc.contains("error: "),
                    "{}:\n{with_protoc}",
                    contract.display()
                );
                assert!(
                    with_protoc.contains(&format!(" --> {}:", contract.display())),
                    "{}:\n{with_protoc}",
                    contract.display()
                );
            } else {
                assert_eq!(with_protoc, own, "{}", contract.display());
                compared += 1;
            }
        }
        assert!(compared > 10, "only {compared} contracts could be compared");
    }
}
