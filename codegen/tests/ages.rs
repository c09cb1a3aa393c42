//! Since when the parts of requests are there stands in the generated code, as numbers, where clients ask call by call.

#[path = "support/scratch.rs"]
mod scratch;

use std::fs;

use couplet_codegen::Builder;
use couplet_codegen::derived::{Derived, Histories};
use scratch::Scratch;
use semver::Version;

const SHOP: &str = "
    service Shop {
      option (couplet.service) = { version: \"1.6.0\", client_min: PER_CALL };
      rpc Buy(Order) returns (Receipt);
      rpc Look(Plain) returns (Plain);
      rpc Return(Plain) returns (Receipt);
    }
    message Plain { string name = 1; Deep deep = 2; }
    message Deep { Plain again = 1; }
    message Order {
      string customer = 1;
      Plain plain = 2;
      repeated Line lines = 3;
      map<string, Kind> kinds = 4;
      Order next = 5;
    }
    message Line { string item = 1; uint32 count = 9; }
    message Receipt { string text = 1; }
    enum Kind { KIND_UNSPECIFIED = 0; KIND_NEW = 1; KIND_OLD = 2; }";

/// What is generated, and what is doubtful about it.
fn generated(contract: &str, since: &[(&str, &str)], known: bool) -> (String, Vec<String>) {
    let folder = Scratch::new();
    let path = folder.path().join("shop.proto");
    let head = "syntax = \"proto3\"; package shop.v1; import \"couplet/options.proto\";";
    fs::write(&path, format!("{head}{contract}")).expect("a scratch folder");
    let version = |text: &str| Version::parse(text).expect("a version");
    let since = since
        .iter()
        .map(|(name, since)| ((*name).to_owned(), version(since)));
    let derived = Derived {
        first: known.then(|| Version::new(1, 1, 0)),
        released: known.then(|| Version::new(1, 6, 0)),
        wire_since: known.then(|| Version::new(1, 0, 0)),
        since: since.collect(),
    };
    let builder = Builder::new().quiet(true).out_dir(folder.path());
    let report = builder
        .histories(Histories::from([("shop.v1.Shop".to_owned(), derived)]))
        .compile(&[&path], &[folder.path()])
        .expect("the contract is right");
    let text = fs::read_to_string(folder.path().join("shop.v1.rs")).expect("the package's file");
    (text, report.warnings)
}

/// The table without white space and paths.
fn table(text: &str) -> String {
    let (_, rest) = text.split_once("ages: ").expect("a table");
    let (table, _) = rest.split_once("methods: &SHOP_METHODS").expect("its end");
    let table = table
        .replace("::couplet::codegen::", "")
        .replace("::core::option::Option::", "");
    let table: String = table.split_whitespace().collect();
    table
        .replace(",]", "]")
        .replace(",}", "}")
        .replace(",)", ")")
        .replace("},),", "}),")
}

#[test]
fn what_came_later_is_listed_by_number_with_what_leads_to_it() {
    let since = [
        ("Return", "1.6.0"),
        ("shop.v1.Line.count", "1.4.0"),
        ("shop.v1.Kind.KIND_NEW", "1.5.0"),
        ("shop.v1.Receipt.text", "1.3.0"),
    ];
    let (text, warnings) = generated(SHOP, &since, true);
    let field = |number, since, inside| {
        format!("FieldAge{{number:{number},since:{since},inside:Inside::{inside}}}")
    };
    let method = |since, newest, request| {
        format!("MethodAge{{since:{since},newest:{newest},request:{request}}}")
    };
    // Order holds lines, kinds by an entry, and another order; nothing in Plain is newer than the service.
    let order = [
        field(3, 0, "Message(1)"),
        field(4, 0, "Message(2)"),
        field(5, 0, "Message(0)"),
    ];
    let expected = format!(
        "Some(&Ages{{releases:&[\"1.1.0\",\"1.3.0\",\"1.4.0\",\"1.5.0\",\"1.6.0\"],methods:&[{},{},{}],\
         messages:&[&[{}],&[{}],&[{}]],enums:&[&[(1,3)]]}}),",
        method(0, 3, 0),
        method(0, 0, 1),
        method(4, 4, 1),
        order.join(","),
        field(9, 2, "Nothing"),
        field(2, 0, "Enum(0)"),
    );
    assert_eq!(table(&text), expected);
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn an_alias_of_an_old_value_is_old() {
    let aliased = SHOP.replace("KIND_OLD = 2;", "KIND_OLD = 1; option allow_alias = true;");
    let (text, _) = generated(&aliased, &[("shop.v1.Kind.KIND_NEW", "1.5.0")], true);
    assert!(
        table(&text).ends_with("messages:&[],enums:&[]}),"),
        "{}",
        table(&text)
    );
}

#[test]
fn without_the_option_there_is_no_table() {
    let plain = SHOP.replace(", client_min: PER_CALL", ", client_min: RELEASE");
    let (text, warnings) = generated(&plain, &[("Return", "1.6.0")], true);
    assert_eq!(table(&text), "None,");
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn what_is_not_released_yet_may_hold_anything_new() {
    let ahead = SHOP.replace("1.6.0", "1.7.0");
    let (text, warnings) = generated(&ahead, &[("Return", "1.6.0")], true);
    assert_eq!(table(&text), "None,");
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn without_a_release_nobody_knows_what_is_new_and_the_build_says_so() {
    let (text, warnings) = generated(SHOP, &[], false);
    assert_eq!(table(&text), "None,");
    assert!(
        warnings[0].contains("without a release to go by"),
        "{warnings:?}"
    );
}
