//! What a change is about: the full name that people look for, which is the one that was there.

use couplet_codegen::compat::Terms;

use crate::contracts::{Files, changes};

/// The subjects of all changes from one text to the other, by rule.
fn subjects(old: &str, new: &str) -> Vec<(&'static str, String)> {
    let file = |text: &str| {
        let text = format!("syntax = \"proto3\";\npackage acme.v1;\n{text}");
        Files::from([("acme/v1/a.proto".to_owned(), text)])
    };
    let changes = changes(&file(old), &file(new), &Terms::default()).expect("contracts");
    let subjects = changes.into_iter().map(|it| (it.rule.id, it.subject));
    subjects.collect()
}

#[test]
fn every_change_of_a_renamed_field_is_about_its_old_name() {
    // The same number under another name, with all that can change beside.
    let found = subjects(
        "message Book {\n// What it is called.\nstring title = 1; }",
        "message Book {\n// Its name.\noptional bytes name = 1 [deprecated = true]; }",
    );
    let title = |rule| (rule, "acme.v1.Book.title".to_owned());
    let mut rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
    rules.sort_unstable();
    assert_eq!(
        rules,
        [
            "deprecated",
            "docs-changed",
            "field-presence",
            "field-renamed",
            "field-type"
        ]
    );
    assert!(found.iter().all(|it| *it == title(it.0)), "{found:?}");
}

#[test]
fn a_renamed_value_and_a_renamed_oneof_are_about_their_old_names() {
    let value = subjects(
        "enum Size { SMALL = 0; LARGE = 1; }",
        "enum Size { SMALL = 0; BIG = 1; }",
    );
    assert_eq!(
        value,
        [("enum-value-renamed", "acme.v1.Size.LARGE".to_owned())]
    );

    let oneof = subjects(
        "message Book { oneof kind { string novel = 1; string essay = 2; } }",
        "message Book { oneof genre { string novel = 1; string essay = 2; } }",
    );
    assert_eq!(oneof, [("oneof-renamed", "acme.v1.Book.kind".to_owned())]);
}

#[test]
fn what_is_new_is_about_its_new_name() {
    let found = subjects("message Book {}", "message Book { string title = 1; }");
    assert_eq!(found, [("field-added", "acme.v1.Book.title".to_owned())]);
}
