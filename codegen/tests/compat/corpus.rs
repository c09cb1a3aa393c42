//! Changes that were labelled outside of this project: by measured encoding and decoding where a codec shows the effect.

use std::fmt::Write;

use couplet_codegen::compat::Terms;
use serde_json::Value;

use crate::contracts::{Files, changes, verdict};

const CASES: &str = include_str!("../../../tests/cases/compat.json");

#[test]
fn every_case_of_the_corpus_is_graded_as_it_is_labelled() {
    let cases: Vec<Value> = serde_json::from_str(CASES).expect("a list of cases");
    let mut wrong = String::new();
    for case in &cases {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let name = text(&case["case"]);
        let files = |age: &str| -> Files {
            let files = case[age].as_object().expect("files by name");
            files
                .iter()
                .map(|(file, value)| (file.clone(), text(value)))
                .collect()
        };
        let label = &case["label"];
        let label = |key: &str| text(&label[key]);
        let expected = format!(
            "{}: source {}, wire {}, JSON {}",
            label("bump").to_uppercase(),
            label("src"),
            label("wire"),
            label("json")
        );
        let terms = Terms::default();
        let found = match changes(&files("old"), &files("new"), &terms) {
            Ok(changes) => verdict(&changes).to_string(),
            Err(error) => error,
        };
        if found != expected {
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
