//! Where a contract, its releases and its imports may be, and what is said where they are elsewhere.

use std::fs;

use crate::store::{FILE, Store};

/// What `cargo couplet` is told of a contract with imports from a folder of its own.
const SETTINGS: &str = "\
format = 1

[settings]
protos = [\"proto/acme/store/v1/store.proto\"]
includes = [\"proto\", \"common\"]
";

#[test]
fn imports_from_another_folder_are_named_in_the_settings_and_released_with_the_rest() {
    let store = Store::new();
    store.write(
        "common/acme/price.proto",
        "syntax = \"proto3\";\npackage acme;\nmessage Price {\n  int64 cents = 1;\n}\n",
    );
    store.change(
        "import \"couplet/options.proto\";",
        "import \"couplet/options.proto\";\nimport \"acme/price.proto\";",
    );
    store.change(
        "int32 pages = 2;",
        "int32 pages = 2;\n  acme.Price price = 3;",
    );
    let said = store.cannot_check();
    assert!(
        said.contains("import `acme/price.proto` not found")
            && said.contains("unless `released/history.toml` names what the build script does"),
        "{said}"
    );

    store.write("released/history.toml", SETTINGS);
    store.release();
    store.change_in("common/acme/price.proto", "int64", "sint64");
    let checked = store.check();
    let open = checked.verdict().uncovered().next().expect("a break");
    assert_eq!(open.change.subject, "acme.Price.cents");
}

#[test]
fn without_a_folder_of_contracts_the_settings_are_the_way_out() {
    let store = Store::new();
    fs::rename(
        store.project().manifest_dir.join("proto"),
        store.project().manifest_dir.join("api"),
    )
    .expect("our own folder");
    let said = store.cannot_check();
    assert!(
        said.contains("cannot read `proto`") && said.contains("[settings]"),
        "{said}"
    );
}

#[test]
fn a_released_text_that_was_edited_with_the_contract_is_told() {
    let store = Store::released();
    // As a search through all files would: nothing differs, and everybody breaks.
    for text in ["proto", "released/proto"] {
        store.change_in(&format!("{text}/{FILE}"), "int32 pages", "sint32 pages");
    }
    let said = store.cannot_check();
    assert!(
        said.contains("is not the text that was released last"),
        "{said}"
    );
}

#[test]
fn what_a_version_was_built_from_is_not_released() {
    let store = Store::new();
    store.change("1.4.2", "1.4.2+a1b2");
    store.release();
    assert_eq!(store.served("Books").version.to_string(), "1.4.2");
    assert!(store.check().verdict().passes());
}
