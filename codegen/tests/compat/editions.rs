//! Editions: what the compiler below cannot read is told in clear words, and what waits for it is written down.

use crate::contracts::{Files, contract};

/// What only editions can say, each with the bump that a change to it will ask for. Once this test fails the compiler
/// reads them: then each becomes a case of its rule's page.
const UNSUPPORTED: [(&str, &str, &str); 8] = [
    ("PATCH", "an edition with the features of its syntax", ""),
    (
        "MAJOR",
        "a field without presence",
        "message Book { string title = 1 [features.field_presence = IMPLICIT]; }",
    ),
    (
        "MAJOR",
        "a required field",
        "message Book { string title = 1 [features.field_presence = LEGACY_REQUIRED]; }",
    ),
    (
        "MAJOR",
        "text that is not checked",
        "message Book { string title = 1 [features.utf8_validation = NONE]; }",
    ),
    (
        "MAJOR",
        "a message as a group",
        "message Book { Book next = 1 [features.message_encoding = DELIMITED]; }",
    ),
    (
        "NONE",
        "numbers that are not packed",
        "message Book { repeated int32 pages = 1 [features.repeated_field_encoding = EXPANDED]; }",
    ),
    (
        "MAJOR",
        "a message that JSON does not promise",
        "message Book { option features.json_format = LEGACY_BEST_EFFORT; }",
    ),
    (
        "MAJOR",
        "a closed enum",
        "enum Kind { option features.enum_type = CLOSED; NOVEL = 0; }",
    ),
];

#[test]
fn every_row_about_editions_is_refused_by_that_name() {
    for (bump, what, declaration) in UNSUPPORTED {
        let text = format!("edition = \"2023\";\npackage acme.v1;\n{declaration}\n");
        let files = Files::from([("acme/v1/a.proto".to_owned(), text)]);
        let Err(error) = contract(&files) else {
            panic!("{what} can be read: give it a case that asks for {bump}");
        };
        assert!(
            error.contains("editions cannot be read yet"),
            "{what}: {error}"
        );
        assert!(error.contains("acme/v1/a.proto:1:1"), "{what}: {error}");
    }
}
