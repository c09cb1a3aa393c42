//! What is published works outside this workspace: a crate with two dependencies serves and calls.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use couplet_tests::program::{run, run_within};

/// What is published, in the order of who needs whom.
const PUBLISHED: [&str; 6] = [
    "couplet-proto",
    "couplet-codegen",
    "couplet-macros",
    "couplet",
    "couplet-simulation",
    "cargo-couplet",
];

/// Long enough to build everything that a crate of one's own needs.
const PATIENCE: Duration = Duration::from_secs(600);

/// The workspace: cargo runs tests in the folder of their package.
fn root() -> PathBuf {
    Path::new("..").to_owned()
}

fn cargo(arguments: &[&str], folder: &Path) -> String {
    let mut command = Command::new(env!("CARGO"));
    let ended = run_within(PATIENCE, command.args(arguments).current_dir(folder));
    assert!(
        ended.success,
        "cargo {}: {}",
        arguments.join(" "),
        ended.said
    );
    ended.said
}

/// A folder that no workspace is above of, or cargo would look at its manifest. Gone when this is dropped.
struct Outside(PathBuf);

impl Outside {
    fn new() -> Self {
        let name = format!("couplet-outside-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_crate_with_two_dependencies_serves_and_calls() {
    let outside = Outside::new();
    let packages = outside.0.join("packages");
    package(&packages);

    let user = outside.0.join("user");
    let template = root().join("tests/fixtures/user");
    for file in ["build.rs", "proto/greeter.proto", "src/main.rs"] {
        copy(&template.join(file), &user.join(file));
    }
    copy(&root().join("Cargo.lock"), &user.join("Cargo.lock"));
    fs::write(user.join("Cargo.toml"), manifest(&template, &packages))
        .expect("a fresh folder takes a file");

    // The tests' own target folder, where most of what it needs is built.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    let target = target.to_str().expect("a target folder that cargo takes");
    let said = cargo(&["run", "--quiet", "--target-dir", target], &user);
    assert!(said.contains("hello, world"), "{said}");
}

/// Packages what is published, as `cargo publish` would, and unpacks it.
fn package(into: &Path) {
    let into_text = into.to_str().expect("a temporary folder that cargo takes");
    let mut arguments = vec![
        "package",
        "--quiet",
        "--no-verify",
        "--allow-dirty",
        "--target-dir",
        into_text,
    ];
    arguments.extend(PUBLISHED.iter().flat_map(|name| ["--package", name]));
    cargo(&arguments, &root());
    for name in PUBLISHED {
        let archive = format!("{name}-{}.crate", env!("CARGO_PKG_VERSION"));
        let unpacked = run(Command::new("tar")
            .arg("-xzf")
            .arg(into.join("package").join(archive))
            .arg("-C")
            .arg(into));
        assert!(unpacked.success, "{name}: {}", unpacked.said);
    }
}

/// The user's manifest, in which the registry's crates are the packages made here.
fn manifest(template: &Path, packages: &Path) -> String {
    let text = fs::read_to_string(template.join("Cargo.toml.in")).expect("the template is there");
    let patch = PUBLISHED.map(|name| {
        let path = packages.join(format!("{name}-{}", env!("CARGO_PKG_VERSION")));
        format!("{name} = {{ path = {path:?} }}\n")
    });
    format!("{text}\n[patch.crates-io]\n{}", patch.concat())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("files are in folders")).expect("a fresh folder");
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}
