//! A fleet keeps its promises, whatever happens to it.
#![cfg(unix)]

use std::process::Command;

#[track_caller]
fn kept(registry: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_movies"))
        .args(["fleet", registry])
        .output()
        .expect("movies runs");
    let said = [output.stdout, output.stderr].concat();
    let story = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{story}");
    for act in [
        "one is killed (kill -9)",
        "one drains (SIGTERM)",
        "one of 2.0.0 joins, which does not fit",
        "the registry is gone",
        "the registry is back",
        "one is frozen (SIGSTOP)",
        "No call that may be repeated failed",
    ] {
        assert!(story.contains(act), "`{act}` is missing in\n{story}");
    }
}

#[test]
fn a_fleet_under_a_registry_of_couplet_keeps_its_promises() {
    kept("couplet");
}
