//! What people see of the gate: a crate of their own, a real `cargo build`, and the words on the screen.
//!
//! `COUPLET_BLESS=1 cargo test -p couplet-codegen --test gate` writes what is said now.

#[path = "../support/scratch.rs"]
mod scratch;

mod package;

use couplet_codegen::release::{Project, release};
use package::{Package, assert_said};

const STORE: &str = "proto/acme/store/v1/store.proto";

#[test]
fn a_contract_is_built_released_broken_and_mended() {
    let package = Package::new("store-api");

    // Before the first release the build says once how to make one.
    let first = package.build(&[]);
    assert!(first.success, "{}", first.said);
    assert_said("unreleased", &first.said);
    package.change(STORE, "// Sells books.", "// Sells books and maps.");
    let again = package.build(&[]);
    assert!(
        again.success && !again.said.contains("cargo couplet release"),
        "{}",
        again.said
    );

    let project = Project::at(package.path()).expect("a project");
    let released = release(&project).expect("it is right");
    released.write().expect("our own folder");
    // The folder was not there to be watched, and still the next build looks.
    let noticed = package.build(&[]);
    assert!(noticed.success, "{}", noticed.said);
    let history = package.generated("acme.store.v1.rs");
    assert!(history.contains("wire_since: \"1.0.0\""), "{history}");

    // What only readers notice is a warning.
    package.change(STORE, "// Sells books and maps.", "// Sells books.");
    let reworded = package.build(&[]);
    assert!(reworded.success, "{}", reworded.said);
    assert_said("reworded", &reworded.said);

    // A field goes and another one comes.
    package.change(STORE, "  int32 pages = 2;\n", "  string author = 3;\n");
    let refused = package.build(&[]);
    assert!(!refused.success);
    assert_said("refused", &refused.said);

    // An editor sees the same in the code, as a message of the compiler.
    let editor = package.build_for_an_editor();
    assert!(!editor.success);
    assert_said("editor", &editor.said);

    // More than fits on a screen is counted.
    let many: String = (4..16)
        .map(|number| format!("  string more_{number} = {number};\n"))
        .collect();
    package.change(STORE, "  string author = 3;\n", &many);
    let crowded = package.build(&[]);
    assert!(!crowded.success);
    assert!(
        crowded
            .said
            .contains("note: and 3 more: `cargo couplet diff`"),
        "{}",
        crowded.said
    );

    // The version that it names is the one that lets it pass, and then nothing is said.
    package.change(STORE, "\"1.4.2\"", "\"2.0.0\"");
    let passed = package.build(&[]);
    assert!(passed.success, "{}", passed.said);
    assert!(!passed.said.contains("warning"), "{}", passed.said);
}

#[test]
fn what_a_team_has_vendored_is_held_against_nothing_and_keeps_its_history() {
    somebody_elses("vendored-api", ".cargo-checksum.json");
}

#[test]
fn what_cargo_has_packaged_is_held_against_nothing_when_it_is_verified() {
    somebody_elses("packaged-api", "Cargo.toml.orig");
}

/// A package with this file beside its manifest builds though it breaks and has lost the released text.
#[track_caller]
fn somebody_elses(name: &'static str, mark: &str) {
    let package = Package::new(name);
    let project = Project::at(package.path()).expect("a project");
    release(&project)
        .expect("it is right")
        .write()
        .expect("our own folder");
    package.change(STORE, "  int32 pages = 2;\n", "");
    package.write(mark, "{}");
    // As `exclude = ["released/proto"]` leaves it.
    std::fs::remove_dir_all(project.released.join("proto")).expect("it was released");

    let built = package.build(&[]);
    assert!(built.success, "{}", built.said);
    // Nothing broke since the first release that is known, so by its number nothing did since 1.0.0.
    let code = package.generated("acme.store.v1.rs");
    assert!(code.contains("wire_since: \"1.0.0\""), "{code}");
}
