//! Fault injection is not in a program that was built without it: neither its code nor the headers that ask for it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use couplet_tests::program::run_within;

/// Long enough to build the runtime twice.
const PATIENCE: Duration = Duration::from_secs(600);

/// What only fault injection says, and what its code is called in a library: a module's name follows its length.
const TRACES: [&str; 5] = [
    "x-envoy-fault",
    "aborted on purpose",
    "maxActiveFaults",
    "5layer5fault",
    "6policy5fault",
];

/// The runtime as a library, with these features alone.
fn library(features: &str) -> Vec<u8> {
    // Not the tests' own target folder, whose library other programs are being linked with.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runtime");
    let mut command = Command::new(env!("CARGO"));
    command
        .args([
            "build",
            "--quiet",
            "--lib",
            "--package",
            "couplet",
            "--no-default-features",
        ])
        .args(["--features", features, "--target-dir"])
        .arg(&target)
        .current_dir("..");
    let ended = run_within(PATIENCE, &mut command);
    assert!(ended.success, "cargo build: {}", ended.said);
    let library: PathBuf = target.join("debug/libcouplet.rlib");
    fs::read(library).expect("cargo made the library")
}

fn holds(library: &[u8], text: &str) -> bool {
    library
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn without_its_feature_fault_injection_is_not_in_the_library() {
    let with = library("faults");
    let without = library("");
    for trace in TRACES {
        assert!(
            holds(&with, trace),
            "`{trace}` would be found if it were there"
        );
        assert!(
            !holds(&without, trace),
            "`{trace}` is there without the feature"
        );
    }
    // Others are looked for in vain in neither.
    assert!(holds(&without, "5layer7breaker"));
}
