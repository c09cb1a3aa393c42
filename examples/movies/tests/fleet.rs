//! A fleet keeps its promises, whatever happens to it.
#![cfg(unix)]

use std::process::Command;

#[track_caller]
fn kept(registry: &str) {
    held(Command::new(env!("CARGO_BIN_EXE_movies")).args(["fleet", registry]));
}

#[track_caller]
fn held(fleet: &mut Command) {
    let output = fleet.output().expect("movies runs");
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

mod foreign {
    use std::{env, process::Command};

    use couplet_tests::peers::peer;

    #[test]
    fn a_fleet_under_etcd_keeps_its_promises() {
        let etcd = peer("etcd");
        let folder = std::path::Path::new(etcd.get_program()).parent();
        let folder = folder.expect("it stands in a folder").to_owned();
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([folder].into_iter().chain(env::split_paths(&path)));
        let mut fleet = Command::new(env!("CARGO_BIN_EXE_movies"));
        let fleet = fleet.args(["fleet", "etcd"]);
        super::held(fleet.env("PATH", path.expect("no colons")));
    }
}
