//! What a build refuses before it looks at versions, `check` and `release` refuse in the same words.

use couplet_codegen::Builder;

use crate::store::{FILE, Store};

/// What a build says of the contract, with generated code in a folder of its own.
fn build(store: &Store) -> String {
    let project = store.project();
    store.write("out/.keep", "");
    let builder = Builder::new().quiet(true).released(&project.released);
    let built = builder
        .out_dir(project.manifest_dir.join("out"))
        .compile(&project.protos, &project.includes);
    store.short(&built.expect_err("it does not build").to_string())
}

#[test]
fn what_does_not_build_is_neither_checked_nor_released() {
    let options = |text: &str| format!("rpc Get(GetRequest) returns (Book) {{ {text} }}");
    let method = "rpc Get(GetRequest) returns (Book);";
    let policy = |text: &str| options(&format!("option (couplet.method) = {{ {text} }};"));
    let version = "version: \"1.4.2\"";
    for (from, to, title) in [
        (method, policy("timeout: \"500mss\""), "500mss"),
        (
            method,
            policy("retry: { max_attempts: 3 }"),
            "not idempotent",
        ),
        (method, policy("compensated_by: \"Nope\""), "Nope"),
        (
            version,
            "version: \"1.4\"".to_owned(),
            "is not MAJOR.MINOR.PATCH",
        ),
        (
            version,
            format!("{version}, accepts: \"2\""),
            "`accepts` of `2`",
        ),
    ] {
        let store = Store::released();
        store.change(from, &to);
        let built = build(&store);
        assert!(built.contains(title), "{title}: {built}");
        assert_eq!(store.cannot_check(), built);
        assert_eq!(store.cannot_release(), built);

        // Nor before the first release, which would keep it.
        let store = Store::new();
        store.change(from, &to);
        assert_eq!(store.cannot_release(), build(&store), "{FILE}");
    }
}

#[test]
fn no_client_is_accepted_from_before_the_wire_broke() {
    let store = Store::released();
    let accepts = |least: &str| format!("version: \"2.0.0\", accepts: \"{least}\"");
    store.change("0.3.1", "0.4.0");
    store.change("int32 pages = 2;", "string pages = 2;");
    store.change("version: \"1.4.2\"", &accepts("1.2"));
    // The release would keep what the next build refuses.
    let title = "`accepts` of `1.2` is below 2.0.0, which broke what is sent";
    let said = store.cannot_release();
    assert!(
        said.contains(title) && said.contains("write \"2.0\", or leave"),
        "{said}"
    );

    store.change(&accepts("1.2"), &accepts("2.0"));
    store.release();
    store.change(&accepts("2.0"), &accepts("1.2"));
    let said = build(&store);
    assert!(said.contains(title), "{said}");
    assert_eq!(store.cannot_check(), said);
}

#[test]
fn clients_from_before_the_first_release_that_is_known_may_be_accepted() {
    let store = Store::new();
    store.change("version: \"1.4.2\"", "version: \"1.4.2\", accepts: \"1.2\"");
    store.release();
    assert!(store.check().verdict().passes());
}
