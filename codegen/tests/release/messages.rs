//! What a build says where a version does not cover a change: `said/NAME.txt`.
//!
//! `COUPLET_BLESS=1 cargo test -p couplet-codegen --test release` writes what is said now.

use std::fs;

use crate::store::{FILE, Store};

#[track_caller]
fn assert_said(name: &str, store: &Store) {
    let told = store.check().told();
    let said = store.short(&format!("{}\n", told.errors.join("\n\n")));
    let path = format!("tests/release/said/{name}.txt");
    if std::env::var_os("COUPLET_BLESS").is_some() {
        fs::write(&path, &said).expect("the folder of this test");
    }
    assert_eq!(
        said,
        fs::read_to_string(&path).unwrap_or_default(),
        "{path}"
    );
}

#[test]
fn one_change_asks_two_services() {
    let store = Store::released();
    store.change("int32 pages = 2;", "sint32 pages = 2;");
    assert_said("two_services", &store);
}

#[test]
fn the_version_is_shown_where_it_stands_in_another_file() {
    let store = Store::new();
    store.change(
        "message Book {\n  string isbn = 1;\n  int32 pages = 2;\n}\n",
        "",
    );
    store.change(
        "import \"couplet",
        "import \"acme/store/v1/book.proto\";\nimport \"couplet",
    );
    store.without("Loans");
    let book =
        "syntax = \"proto3\";\npackage acme.store.v1;\nmessage Book {\n  int32 pages = 2;\n}\n";
    store.write("proto/acme/store/v1/book.proto", book);
    store.release();
    store.change_in(
        "proto/acme/store/v1/book.proto",
        "  int32 pages = 2;\n",
        "  reserved 2;\n",
    );
    assert_said("another_file", &store);
}

#[test]
fn what_is_gone_altogether_is_shown_as_it_was() {
    let store = Store::new();
    let more =
        "syntax = \"proto3\";\npackage acme.store.v1;\nmessage More {\n  string name = 1;\n}\n";
    store.write("proto/acme/store/v1/more.proto", more);
    store.release();
    store.remove("proto/acme/store/v1/more.proto");
    assert_said("gone", &store);
}

#[test]
fn a_package_without_a_service_has_nothing_to_declare() {
    let store = Store::released();
    store.without("Books");
    store.without("Loans");
    assert_said("orphaned", &store);
}

#[test]
fn a_version_can_be_wrong_by_itself() {
    let store = Store::released();
    store.change("1.4.2", "1.3.0");
    store.change("  option (couplet.service) = { version: \"0.3.1\" };\n", "");
    assert_said("wrong_versions", &store);
}

#[test]
fn a_break_that_was_declared_by_hand_needs_a_major_version() {
    let store = Store::released();
    let history = store.read("released/history.toml");
    let breaking = "\n[[breaking]]\nservice = \"acme.store.v1.Books\"\nsubject = \"Book.pages\"\nreason = \"covers count now\"\n";
    store.write("released/history.toml", &format!("{history}{breaking}"));
    assert_said("by_hand", &store);
}

#[test]
fn a_prerelease_of_too_little_is_told_the_version_it_should_lead_to() {
    let store = Store::released();
    store.change(
        "  string isbn = 1;\n}\n\nmessage Book",
        "  int64 isbn = 1;\n}\n\nmessage Book",
    );
    store.change("1.4.2", "1.5.0-rc.1");
    assert_said("prerelease", &store);
}

#[test]
fn a_file_of_released_text_names_its_place() {
    let store = Store::new();
    store.change("int32 pages = 2;", "");
    store.release();
    store.change("  \n}", "  int32 pages = 2;\n}");
    store.change("1.4.2", "1.4.3");
    assert_said("grown", &store);
}

#[test]
fn a_file_that_a_build_leaves_out_is_told_from_one_that_is_gone() {
    let store = Store::new();
    let more =
        "syntax = \"proto3\";\npackage acme.more.v1;\nmessage More {\n  string name = 1;\n}\n";
    store.write("proto/acme/more/v1/more.proto", more);
    store.release();
    // As a build script does that compiles two contracts one after the other.
    let project = store.project();
    let (only, includes) = (project.includes[0].join(FILE), project.includes.clone());
    store.change("  int32 pages = 2;\n", "");
    let check = couplet_codegen::release::check(&project.compiling(vec![only], includes));
    let told = check.expect("it can be compared").told().errors.join("\n");
    let note = "proto/acme/more/v1/more.proto` was released and is there, but this build does not compile it";
    assert!(told.contains(note), "{told}");
}
