//! Changes that were labelled outside of this project: by measured encoding and decoding where a codec shows the effect.

use std::fmt::Write;

use couplet_codegen::compat::Terms;
use serde_json::Value;

use crate::contracts::{Files, changes, verdict};

const CASES: &str = include_str!("../../../tests/cases/compat.json");

/// A change and its label.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) old: Files,
    pub(crate) new: Files,
    /// As a verdict is shown.
    pub(crate) label: String,
}

/// All of the corpus.
pub(crate) fn cases() -> Vec<Case> {
    let cases: Vec<Value> = serde_json::from_str(CASES).expect("a list of cases");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let files = |value: &Value| -> Files {
        let files = value.as_object().expect("files by name");
        files
            .iter()
            .map(|(file, value)| (file.clone(), text(value)))
            .collect()
    };
    let cases = cases.iter().map(|case| {
        let label = |key: &str| text(&case["label"][key]);
        Case {
            name: text(&case["case"]),
            old: files(&case["old"]),
            new: files(&case["new"]),
            label: format!(
                "{}: source {}, wire {}, JSON {}",
                label("bump").to_uppercase(),
                label("src"),
                label("wire"),
                label("json")
            ),
        }
    });
    cases.collect()
}

#[test]
fn every_case_of_the_corpus_is_graded_as_it_is_labelled() {
    let cases = cases();
    let mut wrong = String::new();
    for case in &cases {
        let found = match changes(&case.old, &case.new, &Terms::default()) {
            Ok(changes) => verdict(&changes).to_string(),
            Err(error) => error,
        };
        let (name, expected) = (&case.name, &case.label);
        if found != *expected {
            let _ = writeln!(wrong, "{name}: {found}\n    and not {expected}");
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} are wrong:\n{wrong}",
        wrong.lines().count() / 2,
        cases.len()
    );
}
