//! Whose version a change asks for: that of the services that reach it, and of no other.

use couplet_codegen::compat::{Change, Effects, Scope, Terms};

use crate::contracts::{Files, changes, verdict};

/// One file of the package `acme.v1`.
fn file(text: &str) -> Files {
    files(&[("acme/v1/a.proto", "acme.v1", text)])
}

fn files(files: &[(&str, &str, &str)]) -> Files {
    let files = files.iter().map(|(name, package, text)| {
        let text = format!("syntax = \"proto3\";\npackage {package};\n{text}");
        ((*name).to_owned(), text)
    });
    files.collect()
}

/// The one change between two contracts.
fn change(old: &Files, new: &Files) -> Change {
    let changes = changes(old, new, &Terms::default()).expect("contracts");
    let [change] = changes.as_slice() else {
        panic!("not one change: {changes:#?}");
    };
    change.clone()
}

fn services(names: &[&str]) -> Scope {
    Scope::Services(names.iter().map(|name| (*name).to_owned()).collect())
}

fn package(name: &str) -> Scope {
    Scope::Package(name.to_owned())
}

#[test]
fn a_message_of_two_services_asks_a_bump_of_both_and_of_no_other() {
    let contract = |pages: &str| {
        file(&format!(
            "message Page {{ {pages} }}
             message Book {{ repeated Page pages = 1; }}
             message Shelf {{ map<string, Book> books = 1; }}
             message Lamp {{}}
             service Books {{ rpc Get(Lamp) returns (Book); }}
             service Shelves {{ rpc Put(Shelf) returns (Lamp); }}
             service Lamps {{ rpc Light(Lamp) returns (Lamp); }}"
        ))
    };
    let change = change(&contract("string text = 1;"), &contract("bytes text = 1;"));
    assert_eq!(
        change.scope,
        services(&["acme.v1.Books", "acme.v1.Shelves"])
    );
}

#[test]
fn a_type_of_another_package_counts_for_the_services_that_reach_it() {
    let contract = |amount: &str| {
        files(&[
            (
                "acme/money/m.proto",
                "acme.money",
                &format!("message Price {{ {amount} amount = 1; }}\nservice Rates {{}}"),
            ),
            (
                "acme/v1/a.proto",
                "acme.v1",
                "import \"acme/money/m.proto\";
                 service Books { rpc Sell(acme.money.Price) returns (acme.money.Price); }",
            ),
        ])
    };
    let change = change(&contract("int64"), &contract("sint64"));
    assert_eq!(change.scope, services(&["acme.v1.Books"]));
    // Its own package has a service that does not reach it: it is on the wire all the same.
    let wire_only = "MAJOR: source none, wire major, JSON none";
    assert_eq!(verdict(&[change]).to_string(), wire_only);
}

#[test]
fn what_no_service_reaches_has_no_effect_on_peers_and_is_graded_for_its_package() {
    let contract = |kind: &str, services: &str| {
        file(&format!(
            "message Book {{}}\nmessage Note {{ {kind} text = 1; }}\n{services}"
        ))
    };
    let served = "service Books { rpc Get(Book) returns (Book); }";
    let unreached = change(&contract("string", served), &contract("int32", served));
    assert_eq!(unreached.scope, package("acme.v1"));
    let source_only = "MAJOR: source major, wire none, JSON none";
    assert_eq!(verdict(&[unreached]).to_string(), source_only);

    // Without any service nobody knows who sends it.
    let unserved = change(&contract("string", ""), &contract("int32", ""));
    assert_eq!(unserved.scope, package("acme.v1"));
    let everywhere = "MAJOR: source major, wire major, JSON major";
    assert_eq!(verdict(&[unserved]).to_string(), everywhere);
}

#[test]
fn a_message_that_was_reached_once_counts_for_who_reached_it() {
    let old = file(
        "message Book { Page page = 1; }
         message Page { string text = 1; }
         service Books { rpc Get(Book) returns (Book); }",
    );
    let new = file(
        "message Book { reserved 1; reserved \"page\"; }
         message Page { bytes text = 1; }
         service Books { rpc Get(Book) returns (Book); }",
    );
    let changes = changes(&old, &new, &Terms::default()).expect("contracts");
    for change in &changes {
        assert_eq!(
            change.scope,
            services(&["acme.v1.Books"]),
            "{}",
            change.message
        );
    }
    assert!(changes.len() >= 2, "{changes:#?}");
}

#[test]
fn what_is_said_of_a_service_is_its_own_affair() {
    let contract = |option: &str| {
        file(&format!(
            "message Book {{}}
             service Books {{ {option} rpc Get(Book) returns (Book); }}
             service Shelves {{ rpc Put(Book) returns (Book); }}"
        ))
    };
    let change = change(&contract(""), &contract("option deprecated = true;"));
    assert_eq!(change.scope, services(&["acme.v1.Books"]));
}

#[test]
fn a_file_belongs_to_who_reaches_anything_in_it() {
    let contract = |name: &str| {
        files(&[
            (
                "acme/v1/a.proto",
                "acme.v1",
                "message Lamp {}\nservice Lamps { rpc On(Lamp) returns (Lamp); }",
            ),
            (
                name,
                "acme.v1",
                "message Book {}\nservice Books { rpc Get(Book) returns (Book); }",
            ),
        ])
    };
    let change = change(
        &contract("acme/v1/b.proto"),
        &contract("acme/v1/books.proto"),
    );
    assert_eq!(change.scope, services(&["acme.v1.Books"]));
    assert_eq!(change.effects, Effects::NONE);
}
