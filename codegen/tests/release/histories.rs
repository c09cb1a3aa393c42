//! Every way in which a history can be wrong, and what is said about it: `histories/NAME.toml` and `histories/NAME.txt`.
//!
//! `COUPLET_BLESS=1 cargo test -p couplet-codegen --test release` writes what is said now.

use std::fs;
use std::path::{Path, PathBuf};

use crate::store::{FILE, Store};

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir("tests/release/histories").expect("the folder of this test");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_case = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    };
    let mut cases: Vec<_> = paths.filter(is_case).collect();
    cases.sort();
    assert!(cases.len() > 8, "only {} histories", cases.len());
    cases
}

fn said(history: &Path) -> String {
    let store = Store::released();
    let text = fs::read_to_string(history).expect("the folder of this test");
    store.write("released/history.toml", &text);
    let said = store.cannot_check();
    assert_eq!(
        store.read("released/history.toml"),
        text,
        "nothing is overwritten"
    );
    format!("{said}\n")
}

#[test]
fn every_wrong_history_is_told_with_its_line_and_the_way_out() {
    let bless = std::env::var_os("COUPLET_BLESS").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let said = said(&case);
        let expected = case.with_extension("txt");
        if bless {
            fs::write(&expected, &said).expect("the folder of this test");
        }
        if said != fs::read_to_string(&expected).unwrap_or_default() {
            wrong.push(format!("{}:\n{said}", case.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "told differently than before:\n\n{}",
        wrong.join("\n\n")
    );
}

#[test]
fn one_half_of_a_baseline_is_none() {
    let store = Store::released();
    store.remove("released/history.toml");
    let said = store.cannot_check();
    assert!(
        said.contains("`released/history.toml` is missing")
            && said.contains("git checkout released/history.toml"),
        "{said}"
    );

    let store = Store::released();
    store.remove(&format!("released/proto/{FILE}"));
    let said = store.cannot_check();
    assert!(
        said.contains("their text in `released/proto` is missing"),
        "{said}"
    );
}

#[test]
fn settings_may_be_there_before_the_first_release() {
    let store = Store::new();
    store.write(
        "released/history.toml",
        "format = 1\n\n[settings]\ndocs = \"none\"\n",
    );
    assert!(store.check().verdict().passes());
    store.release();
    assert!(
        store
            .read("released/history.toml")
            .contains("docs = \"none\"")
    );
}

#[test]
fn a_released_text_that_was_edited_is_told_as_that() {
    let store = Store::released();
    let file = format!("released/proto/{FILE}");
    let text = store.read(&file);
    // Version control may end lines otherwise, and that is no edit.
    store.write(&file, &text.replace('\n', "\r\n"));
    assert!(store.check().verdict().passes());

    store.change_in(&file, "int32 pages = 2;", "int64 pages = 2;");
    let said = store.cannot_check();
    assert!(
        said.contains("`released/proto` is not the text that was released last, as acme.store.v1.")
            && said.contains("`git -C FOLDER checkout --no-overlay HEAD -- released`"),
        "{said}"
    );
    assert_eq!(store.cannot_release(), said);
}

#[test]
fn a_released_text_that_does_not_compile_is_told_as_what_it_is() {
    let store = Store::released();
    store.change_in(
        &format!("released/proto/{FILE}"),
        "int32 pages = 2;",
        "int33 pages = 2;",
    );
    // As where nobody has written down which text it was.
    let history = store.read("released/history.toml");
    let lines = history.lines().filter(|line| !line.starts_with("text = "));
    let lines: Vec<_> = lines.collect();
    store.write("released/history.toml", &lines.join("\n"));
    let said = store.cannot_check();
    assert!(
        said.contains("released/proto/acme/store/v1/store.proto:23:3"),
        "{said}"
    );
    assert!(
        said.contains("restore it: `git -C FOLDER checkout --no-overlay HEAD -- released`"),
        "{said}"
    );
}
