//! Which version a change needs, whose version that is, and when it is covered.

use couplet_codegen::compat::Bump;
use couplet_codegen::release::{Answer, Fault};

use crate::store::{FILE, Store, needed, standing};

const ADD: (&str, &str) = ("int32 pages = 2;", "int32 pages = 2;\n  string title = 3;");
const REMOVE: (&str, &str) = ("  int32 pages = 2;\n", "");

fn changed((from, to): (&str, &str)) -> Store {
    let store = Store::released();
    store.change(from, to);
    store
}

#[test]
fn without_a_change_nothing_is_asked() {
    let store = Store::released();
    let check = store.check();
    assert!(check.verdict().passes() && check.told().errors.is_empty());
    assert!(check.old().is_none(), "the same text is not compiled again");
    assert_eq!(standing(&check, "Books").required, Bump::None);
}

#[test]
fn lines_that_end_otherwise_are_the_same_text() {
    let store = Store::released();
    let file = format!("proto/{FILE}");
    store.write(&file, &store.read(&file).replace('\n', "\r\n"));
    assert!(store.check().old().is_none());
}

#[test]
fn a_change_asks_every_service_that_reaches_it_and_no_other() {
    // Books and Loans both send books ...
    let check = changed(REMOVE).check();
    assert_eq!(needed(&check, "Books"), "2.0.0");
    assert_eq!(needed(&check, "Loans"), "0.4.0");
    // ... and only Loans knows loans.
    let check = changed(("  int64 until = 2;\n", "")).check();
    assert_eq!(needed(&check, "Books"), "1.4.2");
    assert_eq!(needed(&check, "Loans"), "0.4.0");
    assert!(standing(&check, "Books").fault.is_none());
    assert_eq!(standing(&check, "Loans").fault, Some(Fault::Short));
}

#[test]
fn a_version_that_moves_far_enough_covers_and_one_that_does_not_is_told_how_far() {
    let store = changed(ADD);
    store.change("0.3.1", "0.3.2");
    for (version, passes) in [("1.4.2", false), ("1.4.3", false), ("1.5.0", true)] {
        let text = store.read(&format!("proto/{FILE}"));
        store.change("1.4.2", version);
        let check = store.check();
        assert_eq!(check.verdict().passes(), passes, "{version}");
        assert_eq!(needed(&check, "Books"), "1.5.0");
        store.write(&format!("proto/{FILE}"), &text);
    }
}

#[test]
fn a_prerelease_counts_as_what_it_leads_to() {
    let store = changed(ADD);
    store.change("0.3.1", "0.3.2-rc.1");
    store.change("1.4.2", "1.5.0-rc.1");
    assert!(store.check().verdict().passes());
    // And the last release stays what the next one is compared with.
    store.change("  int32 pages = 2;\n", "");
    assert_eq!(needed(&store.check(), "Books"), "2.0.0");
}

#[test]
fn a_version_below_the_released_one_is_wrong_even_where_nothing_changed() {
    let store = Store::released();
    store.change("1.4.2", "1.4.1");
    let check = store.check();
    assert_eq!(standing(&check, "Books").fault, Some(Fault::Backwards));
    let told = check.told().errors.join("\n");
    assert!(
        told.contains("version 1.4.1 is below 1.4.2, which was released"),
        "{told}"
    );
}

#[test]
fn a_service_that_was_released_goes_on_declaring_a_version() {
    let store = Store::released();
    store.change("  option (couplet.service) = { version: \"1.4.2\" };\n", "");
    let check = store.check();
    assert_eq!(standing(&check, "Books").fault, Some(Fault::Missing));
    assert!(!check.verdict().passes());
}

#[test]
fn lower_parts_that_are_not_zero_are_a_warning() {
    let store = changed(ADD);
    store.change("0.3.1", "0.3.2");
    store.change("1.4.2", "1.5.2");
    let check = store.check();
    assert!(check.verdict().passes());
    let warnings = check.told().warnings.join("\n");
    assert!(
        warnings.contains("after 1.4.2 comes 1.5.0, not 1.5.2"),
        "{warnings}"
    );
}

#[test]
fn a_new_service_begins_with_whatever_version_it_likes() {
    let store = Store::released();
    let text = store.read(&format!("proto/{FILE}"));
    let new = "service Gifts {\n  option (couplet.service) = { version: \"0.1.0\" };\n  rpc Wrap(Book) returns (Book);\n}\n";
    store.write(&format!("proto/{FILE}"), &format!("{text}{new}"));
    let check = store.check();
    assert!(check.verdict().passes(), "{:?}", check.told());
    assert!(standing(&check, "Gifts").released.is_none());
}

#[test]
fn what_no_service_reaches_is_covered_by_any_service_of_its_package() {
    let store = changed(("  string key = 1;\n", ""));
    assert!(!store.check().verdict().passes());
    store.change("0.3.1", "0.4.0");
    let check = store.check();
    assert!(check.verdict().passes(), "{:?}", check.told());
    assert!(standing(&check, "Books").fault.is_none());
}

#[test]
fn what_no_service_reaches_may_grow_when_the_package_gains_a_service() {
    let store = changed((
        "  string key = 1;\n",
        "  string key = 1;\n  string value = 2;\n",
    ));
    assert!(!store.check().verdict().passes());
    store.change(
        "service Loans {",
        "service Gifts {\n  rpc Wrap(Book) returns (Book);\n}\n\nservice Loans {",
    );
    assert!(store.check().verdict().passes());
    // What breaks is another matter.
    store.change("  string key = 1;\n", "");
    assert!(!store.check().verdict().passes());
}

#[test]
fn a_package_that_loses_its_last_service_can_only_be_accepted() {
    let store = Store::released();
    store.without("Books");
    store.without("Loans");
    let check = store.check();
    let answers = check.verdict().uncovered();
    let orphaned =
        |answer: &Answer| matches!(answer, Answer::Orphaned(package) if package == "acme.store.v1");
    assert_eq!(answers.filter(|judged| orphaned(&judged.answer)).count(), 2);
    let told = check.told().errors.join("\n");
    assert!(
        told.contains("no service is left whose version could cover"),
        "{told}"
    );

    store.accept("the shop is closed");
    store.accept("the library, too");
    assert!(store.check().verdict().passes());
}

#[test]
fn a_service_that_goes_asks_of_those_that_stay() {
    let store = Store::released();
    store.without("Books");
    assert!(!store.check().verdict().passes());
    store.change("0.3.1", "0.4.0");
    let check = store.check();
    assert!(
        check.verdict().passes(),
        "{}",
        check.told().errors.join("\n")
    );
}

#[test]
fn a_package_that_never_had_a_service_is_only_warned_of() {
    let store = Store::new();
    store.write(
        "proto/acme/types/v1/money.proto",
        "syntax = \"proto3\";\npackage acme.types.v1;\nmessage Money {\n  int64 units = 1;\n}\n",
    );
    store.write(
        "proto/acme/geo/v1/place.proto",
        "syntax = \"proto3\";\npackage acme.geo.v1;\nmessage Place {\n  double north = 1;\n}\n",
    );
    store.release();
    store.change_in("proto/acme/types/v1/money.proto", "int64 units = 1;", "");
    store.change_in(
        "proto/acme/geo/v1/place.proto",
        "= 1;",
        "= 1;\n  double east = 2;",
    );
    let check = store.check();
    assert!(check.verdict().passes());
    let warnings = check.told().warnings;
    let [geo, types] = warnings.as_slice() else {
        panic!("one warning a package: {warnings:?}");
    };
    assert!(
        geo.starts_with("package acme.geo.v1 has no service") && geo.contains("1 minor change"),
        "{geo}"
    );
    assert!(
        types.starts_with("package acme.types.v1 has no service")
            && types.contains("1 major change"),
        "{types}"
    );
}

#[test]
fn comments_ask_for_what_the_team_says() {
    let docs = |docs: &str| {
        let store = Store::released();
        store.change_in(
            "released/history.toml",
            "format = 1\n",
            &format!("format = 1\n\n[settings]\ndocs = \"{docs}\"\n"),
        );
        store.change("// Finds a book.", "// Finds a book by its number.");
        let check = store.check();
        (check.verdict().passes(), check.told().warnings.join("\n"))
    };
    let (passes, warnings) = docs("patch");
    assert!(!passes && warnings.is_empty());
    let (passes, warnings) = docs("warn");
    assert!(
        passes && warnings.contains("1 patch change since 1.4.2, for which 1.4.3 would be right"),
        "{warnings}"
    );
    assert_eq!(docs("none"), (true, String::new()));
}

#[test]
fn what_is_not_served_as_json_breaks_nobody_there() {
    let rename = (
        "int32 pages = 2;",
        "int32 pages = 2 [json_name = \"leaves\"];",
    );
    assert!(!changed(rename).check().verdict().passes());
    let store = changed(rename);
    store.change_in(
        "released/history.toml",
        "format = 1\n",
        "format = 1\nsettings.json = false\n",
    );
    assert!(store.check().verdict().passes());
}

#[test]
fn an_accepted_break_asks_nothing_and_an_unrelated_edit_leaves_it_so() {
    let store = changed(REMOVE);
    store.accept("nobody reads it");
    assert!(store.check().verdict().passes());
    assert_eq!(
        standing(&store.check(), "Books").changed(),
        "1 major change (1 accepted)"
    );
    // Another line above, another comment, another order.
    store.change(
        "message GetRequest {",
        "\n\n// What to find.\nmessage GetRequest {",
    );
    assert!(store.check().verdict().passes());
    // Another break is another matter.
    store.change("  int64 until = 2;\n", "");
    assert!(!store.check().verdict().passes());
}

#[test]
fn a_break_that_no_comparison_sees_is_declared_by_hand() {
    let store = Store::released();
    let history = store.read("released/history.toml");
    let breaking = "\n[[breaking]]\nservice = \"acme.store.v1.Books\"\nsubject = \"Book.pages\"\nreason = \"covers count now\"\n";
    store.write("released/history.toml", &format!("{history}{breaking}"));
    let check = store.check();
    assert_eq!(needed(&check, "Books"), "2.0.0");
    let told = check.told().errors.join("\n");
    assert!(told.contains("Book.pages: covers count now"), "{told}");
    store.change("1.4.2", "2.0.0");
    let check = store.check();
    assert!(check.verdict().passes());
    assert_eq!(
        standing(&check, "Books").changed(),
        "1 break declared by hand"
    );
}

#[test]
fn a_file_that_only_brings_options_along_is_kept_and_not_compared() {
    let store = Store::new();
    let options = "syntax = \"proto3\";\npackage acme.auth;\nimport \"google/protobuf/descriptor.proto\";\nmessage Rule {\n  string role = 1;\n}\nextend google.protobuf.MethodOptions {\n  Rule rule = 50001;\n}\n";
    store.write("proto/acme/auth.proto", options);
    store.change(
        "import \"couplet/options.proto\";",
        "import \"couplet/options.proto\";\nimport \"acme/auth.proto\";",
    );
    let project = store.project();
    let roots = vec![project.manifest_dir.join("proto").join(FILE)];
    let includes = project.includes.clone();
    let project = project.compiling(roots, includes);
    let released = couplet_codegen::release::release(&project).expect("a first release");
    released.write().expect("our own folder");

    // The history remembers what is compiled, so that nobody has to say it again.
    assert_eq!(store.project().protos.len(), 1);
    store.change_in("proto/acme/auth.proto", "  string role = 1;\n", "");
    let check = store.check();
    assert!(
        check.verdict().changes.is_empty(),
        "{:?}",
        check.verdict().changes
    );
}
