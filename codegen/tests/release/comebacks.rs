//! What goes away and comes back: an accepted break, a service.

use crate::store::{Store, standing};

#[test]
fn an_acceptance_whose_break_went_away_is_closed_by_the_next_release() {
    let store = Store::released();
    store.change("  int32 pages = 2;\n", "");
    let fingerprint = store.accept("nobody reads it");
    // It was decided otherwise, and life goes on ...
    store.change(
        "message Book {\n  string isbn = 1;\n",
        "message Book {\n  string isbn = 1;\n  int32 pages = 2;\n  string title = 3;\n",
    );
    assert_eq!(
        store.history().accepted(&fingerprint),
        Some("nobody reads it")
    );
    store.change("1.4.2", "1.5.0");
    store.change("0.3.1", "0.3.2");
    store.release();
    assert_eq!(store.history().accepted[0].released, Some(Vec::new()));
    // ... and years later somebody reads it.
    store.change("  int32 pages = 2;\n", "");
    let check = store.check();
    let open = check.verdict().uncovered().next().expect("an open change");
    assert_eq!(open.change.fingerprint, fingerprint);
}

#[test]
fn a_service_that_comes_back_leaves_everybody_of_before_behind() {
    let store = Store::released();
    store.without("Loans");
    store.change("1.4.2", "2.0.0");
    store.release();
    store.change(
        "message GetRequest",
        "service Loans {\n  option (couplet.service) = { version: \"0.4.0\" };\n  rpc Give(LendRequest) returns \
         (Loan);\n}\n\nmessage GetRequest",
    );
    store.release();
    assert_eq!(store.served("Loans").wire_since.to_string(), "0.4.0");
    assert!(standing(&store.check(), "Loans").fault.is_none());
    assert_eq!(store.served("Books").wire_since.to_string(), "1.4.2");
}
