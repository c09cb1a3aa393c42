//! A change is shown at the token that changed, in the old text and in the new one.

use couplet_codegen::compat::{Contract, Location, Terms, diff};

use crate::contracts::{Files, contract};

/// The old and the new declaration, and the token that is shown of each; nothing of what is new.
const CHANGES: &[([&str; 2], [&str; 2])] = &[
    (
        ["message M { int32 a = 1; }", "message M { sint32 a = 1; }"],
        ["int32", "sint32"],
    ),
    (
        ["message M { E a = 1; }", "message M { int32 a = 1; }"],
        ["E", "int32"],
    ),
    (
        [
            "message M { map<int32, E> a = 1; }",
            "message M { map<int64, E> a = 1; }",
        ],
        ["map<int32, E>", "map<int64, E>"],
    ),
    (
        ["message M { int32 a = 1; }", "message M { int32 b = 1; }"],
        ["a", "b"],
    ),
    (
        ["message M { int32 a = 1; }", "message M { int32 a = 12; }"],
        ["1", "12"],
    ),
    (
        [
            "message M { int32 a = 1; }",
            "message M { int32 a = 1; int32 b = 2; }",
        ],
        ["", "b"],
    ),
    (
        [
            "message M { int32 a = 1; int32 b = 2; }",
            "message M { int32 b = 2; }",
        ],
        ["a", "M"],
    ),
    (
        ["enum F { A = 0; B = 1; }", "enum F { A = 0; C = 1; }"],
        ["B", "C"],
    ),
    (
        ["enum F { A = 0; B = 1; }", "enum F { A = 0; B = 7; }"],
        ["1", "7"],
    ),
    (
        [
            "message M { reserved 2, 4 to 9; }",
            "message M { reserved 2; }",
        ],
        ["4 to 9", "M"],
    ),
    (
        ["message M {}", "message M { reserved \"old\"; }"],
        ["", "\"old\""],
    ),
    (
        [
            "message M { oneof k { int32 a = 1; } }",
            "message M { oneof j { int32 a = 1; } }",
        ],
        ["k", "j"],
    ),
    (
        [
            "message M { repeated string a = 1; }",
            "message M { optional string a = 1; }",
        ],
        ["repeated", "optional"],
    ),
];

#[test]
fn a_change_is_shown_at_what_changed() {
    for (sides, tokens) in CHANGES {
        let [old, new] = sides.map(|side| {
            let text = format!("syntax = \"proto3\"; package a; enum E {{ Z = 0; }} {side}");
            contract(&Files::from([("a.proto".to_owned(), text)])).expect("a contract")
        });
        let changes = diff(&old, &new, &Terms::default());
        let [change] = changes.as_slice() else {
            panic!("{sides:?} is one change: {changes:#?}");
        };
        let shown = [
            shown(&old, change.old.as_ref()),
            shown(&new, change.new.as_ref()),
        ];
        assert_eq!(shown, *tokens, "{}: {}", change.rule.id, change.message);
    }
}

fn shown(contract: &Contract, location: Option<&Location>) -> String {
    location.map_or_else(String::new, |location| {
        let (_, text) = contract.text(&location.file);
        text.expect("the text")[location.range.clone()].to_owned()
    })
}
