//! The commands in a workspace of two contracts: which one is meant, and what is said of both.

mod common;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::common::{Scratch, command, couplet, out, said};

/// A workspace of two contracts, of which nothing is released.
fn two_contracts(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    scratch.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"books\", \"loans\"]\nresolver = \"3\"\n",
    );
    for name in ["books", "loans"] {
        scratch.write(
            &format!("{name}/Cargo.toml"),
            &format!(
                "[package]\nname = \"{name}-api\"\nedition = \"2024\"\n\n[build-dependencies]\ncouplet-codegen = \"*\"\n"
            ),
        );
        scratch.write(&format!("{name}/src/lib.rs"), "");
        scratch.write(
            &format!("{name}/proto/{name}.proto"),
            &format!(
                "syntax = \"proto3\";\npackage {name}.v1;\nimport \"couplet/options.proto\";\nservice Api {{\n  option \
                 (couplet.service) = {{ version: \"1.4.2\" }};\n  rpc Get(Thing) returns (Thing);\n}}\nmessage Thing {{\n  \
                 int32 size = 1;\n}}\n"
            ),
        );
    }
    scratch
}

fn change(scratch: &Scratch, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(scratch.0.join(file)).expect("it is there");
    assert!(text.contains(from), "{file} has no `{from}`");
    scratch.write(file, &text.replace(from, to));
}

#[track_caller]
fn well(folder: &Path, words: &[&str]) -> String {
    let output = couplet(folder, words);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    out(&output)
}

/// Both are released, and then both break.
fn two_breaks(name: &str) -> Scratch {
    let scratch = two_contracts(name);
    for name in ["books", "loans"] {
        well(&scratch.0.join(name), &["release"]);
        let file = format!("{name}/proto/{name}.proto");
        change(&scratch, &file, "int32", "sint32");
    }
    scratch
}

#[test]
fn one_contract_is_meant_by_its_folder_by_its_name_and_by_its_manifest_however_that_is_written() {
    let scratch = two_contracts("meant");
    let unclear = couplet(&scratch.0, &["release"]);
    assert_eq!(unclear.status.code(), Some(2));
    assert!(said(&unclear).contains("books-api, loans-api"));

    let dry = |folder: &str, words: &[&str]| {
        let words = [&["release", "--dry-run"], words].concat();
        well(&scratch.0.join(folder), &words)
    };
    let absolute = scratch.0.join("loans/Cargo.toml");
    let absolute = absolute.to_str().expect("a path of ours");
    for (folder, words) in [
        ("loans", &[][..]),
        ("loans/src", &[]),
        ("", &["-p", "loans-api"]),
        ("books", &["-p", "loans-api"]),
        ("loans", &["--manifest-path", "Cargo.toml"]),
        ("", &["--manifest-path", "loans/Cargo.toml"]),
        ("books", &["--manifest-path", "../loans/Cargo.toml"]),
        ("books", &["--manifest-path", absolute]),
    ] {
        let shown = dry(folder, words);
        assert!(
            shown.starts_with("loans.v1.Api: 1.4.2"),
            "{words:?} in `{folder}`: {shown}"
        );
    }
}

#[test]
fn for_programs_two_contracts_are_one_document_and_for_people_all_is_on_standard_error() {
    let scratch = two_breaks("documents");
    for (command, code) in [("check", 1), ("diff", 0)] {
        let sarif = couplet(&scratch.0, &[command, "--format", "sarif"]);
        assert_eq!(sarif.status.code(), Some(code), "{}", said(&sarif));
        let log: Value = serde_json::from_str(&out(&sarif)).expect("one document");
        let results = log["runs"][0]["results"].as_array().expect("results");
        assert!(results.len() >= 2, "{results:?}");

        let json = out(&couplet(&scratch.0, &[command, "--format", "json"]));
        let lines: Vec<Value> = json
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object a line"))
            .collect();
        let summaries = lines.iter().filter(|line| line["summary"] == true).count();
        assert_eq!(
            (summaries, &lines[lines.len() - 1]["summary"]),
            (1, &true.into())
        );
    }
}

#[test]
fn a_version_that_is_wrong_without_any_change_is_told_in_every_format() {
    let scratch = two_contracts("backwards");
    let books = scratch.0.join("books");
    well(&books, &["release"]);
    change(&scratch, "books/proto/books.proto", "1.4.2", "1.4.1");
    for format in ["text", "json", "sarif", "github"] {
        let checked = couplet(&books, &["check", "--format", format]);
        assert_eq!(checked.status.code(), Some(1), "{format}");
        let said = said(&checked);
        assert!(
            said.contains("version 1.4.1 is below 1.4.2"),
            "{format}: {said}"
        );
    }
}

#[test]
fn who_stops_reading_changes_neither_the_answer_nor_panics() {
    let scratch = two_breaks("pipe");
    for (words, code) in [
        (&["explain"][..], 0),
        (&["diff", "--format", "sarif"], 0),
        (&["versions"], 0),
        (&["check"], 1),
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let errors = writer.try_clone().expect("a pipe");
        let mut command = command(&scratch.0, words);
        let mut child = command
            .stdout(Stdio::from(writer))
            .stderr(Stdio::from(errors))
            .spawn()
            .expect("it can be run");
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(code), "{words:?}");
    }
}

#[test]
fn a_changelog_that_cannot_be_read_stops_a_release_before_anything_of_it_is_written() {
    let scratch = two_contracts("changelog");
    let books = scratch.0.join("books");
    fs::create_dir(books.join("CHANGELOG.md")).expect("our own folder");
    let stopped = couplet(&books, &["release"]);
    assert_eq!(stopped.status.code(), Some(2));
    assert!(
        said(&stopped).contains("nothing was released"),
        "{}",
        said(&stopped)
    );
    assert!(!books.join("released").exists());
    well(&books, &["release", "--no-changelog"]);
    assert!(books.join("released/history.toml").is_file());
}

#[test]
fn after_the_first_release_cargo_looks_at_the_contract_again() {
    let scratch = two_contracts("woken");
    let books = scratch.0.join("books");
    let modified = |name: &str| {
        let data = fs::metadata(books.join(name)).expect("it is there");
        data.modified().expect("a time")
    };
    let before = modified("proto/books.proto");
    fs::File::options()
        .append(true)
        .open(books.join("proto/books.proto"))
        .and_then(|file| file.set_modified(before - std::time::Duration::from_secs(60)))
        .expect("our own file");
    well(&books, &["release"]);
    assert!(modified("proto/books.proto") >= modified("released/history.toml"));
}
