//! What the releases of a service tell of it stands in the generated code.

#[path = "support/scratch.rs"]
mod scratch;

use std::collections::BTreeMap;
use std::fs;

use couplet_codegen::Builder;
use couplet_codegen::derived::{Derived, Histories};
use scratch::Scratch;
use semver::Version;

fn generated(histories: Histories) -> String {
    let out = Scratch::new();
    let builder = Builder::new().quiet(true).out_dir(out.path());
    let built = builder
        .histories(histories)
        .compile(&["tests/golden/movies.proto"], &["tests/golden"]);
    built.expect("the contract is right");
    fs::read_to_string(out.path().join("movies.v1.rs")).expect("the package's file")
}

fn history() -> Derived {
    Derived {
        wire_since: Some(Version::new(1, 1, 0)),
        since: BTreeMap::from([("Upload".to_owned(), Version::new(1, 3, 0))]),
    }
}

#[test]
fn a_method_knows_its_release_and_a_service_how_far_back_its_wire_reaches() {
    let text = generated(BTreeMap::from([("movies.v1.Movies".to_owned(), history())]));
    assert!(text.contains("wire_since: \"1.1.0\""), "{text}");
    assert!(text.contains("name: \"Upload\",\n        since: \"1.3.0\""));
    assert!(text.contains("name: \"Watch\",\n        since: \"\""));
}

#[test]
fn a_history_of_another_service_says_nothing() {
    let text = generated(BTreeMap::from([("movies.v1.Other".to_owned(), history())]));
    assert_eq!(text, generated(Histories::new()));
}
