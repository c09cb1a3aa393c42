//! A released service that goes while a new one comes: nobody stands in for it but a released service.

use couplet_codegen::release::Answer;

use crate::store::{FILE, Store};

/// A shop that has released one service, which then gets another name.
fn renamed() -> Store {
    let store = Store::new();
    store.without("Loans");
    store.release();
    store.change("service Books", "service Shelves");
    store
}

fn orphaned(store: &Store) -> Vec<&'static str> {
    let check = store.check();
    let open = check.verdict().uncovered();
    let of_package = open.map(|judged| {
        assert!(
            matches!(&judged.answer, Answer::Orphaned(package) if package == "acme.store.v1"),
            "{:?}",
            judged.answer
        );
        judged.change.rule.id
    });
    of_package.collect()
}

#[test]
fn a_new_service_does_not_cover_that_the_last_released_one_is_gone() {
    let store = renamed();
    assert_eq!(orphaned(&store), ["service-removed"]);
    // However high its version is, nobody has ever called it.
    store.change("1.4.2", "2.0.0");
    assert_eq!(orphaned(&store), ["service-removed"]);
    let said = store.cannot_release();
    assert!(said.contains("no released service left"), "{said}");
}

#[test]
fn what_changes_in_the_messages_of_a_service_that_goes_is_not_covered_by_the_new_one() {
    let store = renamed();
    store.change("int32 pages = 2;", "string pages = 2;");
    let mut open = orphaned(&store);
    open.sort_unstable();
    assert_eq!(open, ["field-type", "service-removed"]);
}

#[test]
fn a_released_service_of_the_package_covers_it_and_a_new_one_beside_it_changes_nothing() {
    let store = Store::released();
    store.change("service Books", "service Shelves");
    assert!(!store.check().verdict().passes());
    store.change("0.3.1", "0.4.0");
    let check = store.check();
    assert!(check.verdict().passes(), "{:?}", check.told());
}

#[test]
fn the_changelog_tells_of_a_service_that_is_gone() {
    let store = renamed();
    store.accept("it has had one caller, and he knows");
    let told = store.release().changelog;
    assert!(
        told.contains("## acme.store.v1.Shelves 1.4.2\n\nFirst release.\n"),
        "{told}"
    );
    assert!(
        told.contains(
            "\n## acme.store.v1\n\n### Removed\n\n- **Breaking:** `acme.store.v1.Books`:"
        ),
        "{told}"
    );
    assert!(told.contains("(accepted: it has had one caller"), "{told}");
    // The next release begins from there.
    store.change_in(&format!("proto/{FILE}"), "1.4.2", "1.4.3");
    assert!(!store.release().changelog.contains("Books"));
}
