//! What a release writes down, and when there is none.

use std::collections::BTreeMap;

use couplet_codegen::release::{RetiredEver, accept, release};
use semver::Version;

use crate::store::{FILE, Store, standing};

fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

#[test]
fn the_first_release_is_the_text_and_its_versions() {
    let store = Store::new();
    let first = store.release();
    assert_eq!(first.services.len(), 2);
    assert!(
        first
            .changelog
            .contains("## acme.store.v1.Books 1.4.2\n\nFirst release.\n")
    );
    assert_eq!(
        store.read(&format!("released/proto/{FILE}")),
        store.read(&format!("proto/{FILE}"))
    );
    let served = store.served("Books");
    assert_eq!(served.version, version("1.4.2"));
    assert_eq!(served.wire_since, version("1.4.2"));
    assert!(
        served.since.is_empty(),
        "what was there from the beginning has no date"
    );
    assert!(
        store
            .cannot_release()
            .contains("there is nothing to release")
    );
}

#[test]
fn every_part_knows_the_release_that_brought_it() {
    let store = Store::released();
    store.change(
        "int32 pages = 2;",
        "int32 pages = 2;\n  string title = 3;\n  Genre genre = 4;",
    );
    store.change(
        "message GetRequest",
        "enum Genre {\n  GENRE_UNKNOWN = 0;\n}\n\nmessage GetRequest",
    );
    store.change("1.4.2", "1.5.0");
    store.change("0.3.1", "0.3.2");
    store.release();
    store.change(
        "GENRE_UNKNOWN = 0;",
        "GENRE_UNKNOWN = 0;\n  GENRE_NOIR = 1;",
    );
    store.change(
        "  rpc Get(",
        "  rpc Find(GetRequest) returns (Book);\n  rpc Get(",
    );
    store.change("1.5.0", "1.6.0");
    store.change("0.3.2", "0.3.3");
    store.release();

    let book = |part: &str| format!("acme.store.v1.{part}");
    let expected = BTreeMap::from([
        ("Find".to_owned(), version("1.6.0")),
        (book("Book.genre"), version("1.5.0")),
        (book("Book.title"), version("1.5.0")),
        (book("Genre.GENRE_NOIR"), version("1.6.0")),
        (book("Genre.GENRE_UNKNOWN"), version("1.5.0")),
    ]);
    assert_eq!(store.served("Books").since, expected);
    // Nobody of before is left behind by any of it.
    assert_eq!(store.served("Books").wire_since, version("1.4.2"));
    // A method is of one service; what both reach, both know.
    let loans = store.served("Loans").since;
    assert!(!loans.contains_key("Find"));
    assert_eq!(loans[&book("Book.title")], version("0.3.2"));
}

#[test]
fn only_what_peers_notice_moves_the_least_client_on() {
    let store = Store::released();
    // Rust callers see another name of the message; the wire has no names of messages.
    let text = store.read(&format!("proto/{FILE}"));
    store.write(
        &format!("proto/{FILE}"),
        &text
            .replace("LendRequest", "BorrowRequest")
            .replace("0.3.1", "0.4.0"),
    );
    store.release();
    assert_eq!(store.served("Loans").version, version("0.4.0"));
    assert_eq!(store.served("Loans").wire_since, version("0.3.1"));
    // A field that goes is noticed.
    store.change("  int64 until = 2;\n", "");
    store.change("0.4.0", "0.5.0");
    store.release();
    assert_eq!(store.served("Loans").wire_since, version("0.5.0"));
    assert_eq!(store.served("Books").wire_since, version("1.4.2"));
}

#[test]
fn what_is_given_up_is_retired_for_ever() {
    let store = Store::released();
    store.change(
        "  int32 pages = 2;\n",
        "  reserved 7, 100 to max;\n  reserved \"leaves\";\n",
    );
    store.change("1.4.2", "2.0.0");
    store.change("0.3.1", "0.4.0");
    store.release();
    // Nothing in the contract tells of it any more ...
    store.change("  reserved 7, 100 to max;\n  reserved \"leaves\";\n", "");
    store.change("2.0.0", "3.0.0");
    store.change("0.4.0", "0.5.0");
    store.release();
    let retired = store.history().retired["acme.store.v1.Book"].clone();
    let expected = RetiredEver {
        numbers: [(2, 2), (7, 7), (100, 536_870_911)].into(),
        names: ["leaves".to_owned(), "pages".to_owned()].into(),
    };
    assert_eq!(retired, expected);
    // ... and still it may not come back with another meaning.
    store.change(
        "string isbn = 1;\n}\n\nmessage Lend",
        "string isbn = 1;\n  string shelf = 2;\n}\n\nmessage Lend",
    );
    store.change("3.0.0", "3.1.0");
    store.change("0.5.0", "0.5.1");
    assert!(!store.check().verdict().passes());
}

#[test]
fn a_prerelease_moves_nothing_and_says_why() {
    let store = Store::released();
    store.change("int32 pages = 2;", "int32 pages = 2;\n  string title = 3;");
    store.change("0.3.1", "0.3.2");
    store.change("1.4.2", "1.5.0-rc.1");
    let before = store.read("released/history.toml");
    let said = store.cannot_release();
    assert!(
        said.contains("a prerelease moves nothing: 1.4.2 stays"),
        "{said}"
    );
    assert!(said.contains("until 1.5.0 is declared"), "{said}");
    assert_eq!(store.read("released/history.toml"), before);
}

#[test]
fn what_stops_a_build_stops_a_release() {
    let store = Store::released();
    store.change("  int32 pages = 2;\n", "");
    store.change("1.4.2", "1.5.0");
    let before = store.read(&format!("released/proto/{FILE}"));
    assert!(store.cannot_release().contains("needs 2.0.0"));
    assert_eq!(store.read(&format!("released/proto/{FILE}")), before);
}

#[test]
fn an_accepted_break_goes_in_with_the_next_release_and_counts_once() {
    let store = Store::released();
    store.change("  int32 pages = 2;\n", "");
    let fingerprint = store.accept("nobody reads it");
    // The released text swallows it, so the versions have to move.
    let said = store.cannot_release();
    assert!(said.contains("there is nothing to release"), "{said}");
    store.change("1.4.2", "1.4.3");
    let said = store.cannot_release();
    assert!(
        said.contains("acme.store.v1.Loans takes in the accepted change")
            && said.contains("declare at least 0.3.2"),
        "{said}"
    );
    store.change("0.3.1", "0.3.2");
    let released = store.release();
    assert!(
        released.changelog.contains("(accepted: nobody reads it)"),
        "{}",
        released.changelog
    );
    assert_eq!(store.served("Books").wire_since, version("1.4.3"));

    let history = store.history();
    assert_eq!(history.accepted[0].fingerprint, fingerprint);
    let both = ["acme.store.v1.Books 1.4.3", "acme.store.v1.Loans 0.3.2"].map(str::to_owned);
    assert_eq!(
        history.accepted[0].released.as_deref(),
        Some(both.as_slice())
    );
    // The same break another time is another decision.
    assert_eq!(history.accepted(&fingerprint), None);
}

#[test]
fn only_an_open_change_can_be_accepted_and_only_with_a_reason() {
    let store = Store::released();
    store.change("  int32 pages = 2;\n", "");
    let fingerprint = store
        .check()
        .verdict()
        .uncovered()
        .next()
        .map(|judged| judged.change.fingerprint.clone());
    let fingerprint = fingerprint.expect("an open change");
    let refused = |fingerprint: &str, reason: &str| {
        let accepted = accept(&store.project(), fingerprint, reason);
        accepted
            .map(|_| ())
            .expect_err("it cannot be accepted")
            .to_string()
    };
    assert!(refused(&fingerprint, "  ").contains("needs a reason"));
    let unknown = refused("000000000000", "why not");
    assert!(
        unknown.contains("no change `000000000000`") && unknown.contains(&fingerprint),
        "{unknown}"
    );
    store.accept("nobody reads it");
    assert!(refused(&fingerprint, "again").contains("accepted already: nobody reads it"));
}

#[test]
fn a_break_declared_by_hand_is_stamped_with_its_release() {
    let store = Store::released();
    let history = store.read("released/history.toml");
    let breaking = "\n[[breaking]] # agreed on with all teams\nservice = \"acme.store.v1.Books\"\nsubject = \"Book.pages\"\nreason = \"covers count now\"\n";
    store.write("released/history.toml", &format!("{history}{breaking}"));
    store.change("1.4.2", "2.0.0");
    let released = store.release();
    assert!(
        released
            .changelog
            .contains("- **Breaking:** Book.pages: covers count now")
    );
    assert_eq!(store.served("Books").wire_since, version("2.0.0"));
    let text = store.read("released/history.toml");
    assert!(
        text.contains("[[breaking]] # agreed on with all teams"),
        "comments stay:\n{text}"
    );
    assert!(
        text.contains("released = [\"acme.store.v1.Books 2.0.0\"]"),
        "{text}"
    );
    assert!(standing(&store.check(), "Books").breaking.is_empty());
}

#[test]
fn a_release_takes_away_what_is_no_longer_there() {
    let store = Store::new();
    store.write(
        "proto/acme/store/v1/more.proto",
        "syntax = \"proto3\";\npackage acme.store.v1;\nmessage More {}\n",
    );
    store.release();
    store.remove("proto/acme/store/v1/more.proto");
    store.change("1.4.2", "2.0.0");
    store.release();
    assert!(
        !store
            .project()
            .released
            .join("proto/acme/store/v1/more.proto")
            .exists()
    );
    let left = std::fs::read_dir(store.project().released).expect("a folder");
    assert_eq!(left.count(), 2, "and leaves nothing of its own behind");
}

#[test]
fn a_release_that_cannot_be_written_changes_nothing() {
    let store = Store::released();
    let before = store.read("released/history.toml");
    store.change("1.4.2", "1.5.0");
    let ready = release(&store.project()).expect("it is right");
    // Something in the way of the new history: a folder that is not empty.
    let released = store.project().released;
    std::fs::rename(released.join("history.toml"), released.join("kept")).expect("our own folder");
    store.write("released/history.toml/in-the-way", "");
    let error = ready.write().expect_err("it is in the way").to_string();
    assert!(error.contains("nothing there was changed"), "{error}");
    assert_eq!(store.read("released/kept"), before);
    assert!(
        store
            .read(&format!("released/proto/{FILE}"))
            .contains("1.4.2")
    );
}

#[test]
fn a_history_keeps_what_people_wrote_into_it() {
    let store = Store::released();
    let text = store.read("released/history.toml");
    let ours = "format = 1\n\n# We serve JSON to browsers.\n[settings]\njson = true   # for now\ndocs = \"none\"\n\n[options.\"acme.auth.scope\"]\nadded = \"major\"\n";
    store.write("released/history.toml", &text.replace("format = 1\n", ours));
    store.change("int32 pages = 2;", "int32 pages = 2;\n  string title = 3;");
    store.change("1.4.2", "1.5.0");
    store.change("0.3.1", "0.3.2");
    store.release();
    let after = store.read("released/history.toml");
    assert!(after.contains(ours), "{after}");
    assert!(after.contains("version = \"1.5.0\""), "{after}");
}
