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

/// What is generated for a package with these declarations.
fn said(declarations: &str) -> String {
    let folder = Scratch::new();
    let contract = folder.path().join("shop.proto");
    let head = "syntax = \"proto3\"; package shop.v1; import \"couplet/options.proto\";";
    fs::write(&contract, format!("{head}\n{declarations}")).expect("a scratch folder");
    let builder = Builder::new().quiet(true).out_dir(folder.path());
    let built = builder.compile(&[&contract], &[folder.path()]);
    built.expect("the contract is right");
    fs::read_to_string(folder.path().join("shop.v1.rs")).expect("the package's file")
}

fn history() -> Derived {
    Derived {
        first: Some(Version::new(1, 0, 0)),
        released: Some(Version::new(1, 4, 2)),
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
fn clients_from_before_the_first_release_that_is_known_are_not_shut_out() {
    let adopted = Derived {
        first: Some(Version::new(1, 4, 2)),
        wire_since: Some(Version::new(1, 4, 2)),
        ..history()
    };
    let text = generated(BTreeMap::from([("movies.v1.Movies".to_owned(), adopted)]));
    assert!(text.contains("wire_since: \"1.0.0\""), "{text}");
}

#[test]
fn a_major_that_is_not_released_yet_promises_nothing_of_the_wire() {
    let ahead = Derived {
        released: Some(Version::new(0, 9, 0)),
        ..history()
    };
    let text = generated(BTreeMap::from([("movies.v1.Movies".to_owned(), ahead)]));
    assert!(text.contains("wire_since: \"\""), "{text}");
}

#[test]
fn a_history_of_another_service_says_nothing() {
    let text = generated(BTreeMap::from([("movies.v1.Other".to_owned(), history())]));
    assert_eq!(text, generated(Histories::new()));
}

#[test]
fn a_contract_may_let_clients_of_an_earlier_major_in() {
    let text = said(
        "service Shop { option (couplet.service) = { version: \"2.1.0\" cross_major: WIRE }; }",
    );
    assert!(text.contains("cross_major: ::couplet::codegen::CrossMajor::Wire"));
    let text = said(
        "service Shop { option (couplet.service) = { version: \"2.1.0\" cross_major: REFUSE }; }",
    );
    assert!(text.contains("meeting: ::couplet::codegen::Meeting::DEFAULT"));
}

#[test]
fn a_contract_may_refuse_callers_that_do_not_say_their_version() {
    let text = said(
        "service Shop {
           option (couplet.service) = { version: \"2.1.0\" cross_major: WIRE client_version: REQUIRED };
         }",
    );
    let text: String = text.split_whitespace().collect();
    assert!(text.contains(
        "Meeting{cross_major:::couplet::codegen::CrossMajor::Wire,\
         client_version:::couplet::codegen::ClientVersion::Required,}"
    ));
}

#[test]
fn contracts_that_differ_in_words_look_the_same_to_prereleases_and_others_do_not() {
    const SHOP: &str = "// Sells.
        service Shop {
          option (couplet.service) = { version: \"1.5.0-rc.1\" };
          rpc Buy(Item) returns (Item) { option (couplet.method) = { timeout: \"2s\" }; }
        }
        message Item { string name = 1; }";
    let schema = |contract: &str| {
        let text = said(contract);
        let (_, rest) = text.split_once("schema: \"").expect("a schema");
        rest.split('"').next().expect("the digits").to_owned()
    };
    let original = schema(SHOP);
    assert!(original.len() == 8 && original.chars().all(|digit| digit.is_ascii_hexdigit()));
    for (same, other) in [
        ("rc.1", "rc.2"),
        ("// Sells.", "// Sells well."),
        ("2s", "3s"),
    ] {
        assert_eq!(schema(&SHOP.replace(same, other)), original, "{other}");
    }
    for (part, other) in [
        ("name = 1", "name = 2"),
        ("string", "bytes"),
        ("Buy", "Sell"),
    ] {
        assert_ne!(schema(&SHOP.replace(part, other)), original, "{other}");
    }
}
