//! What buf calls breaking is MAJOR here, and what asks for nothing here is no matter for buf's wire rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use couplet_codegen::compat::{Bump, Contract, Terms, diff};
use prost::Message;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorSet;

use crate::mutation::{self, Change};
use crate::random::Random;

#[path = "../support/peers.rs"]
mod peers;
#[path = "../support/scratch.rs"]
mod scratch;
use scratch::Scratch;

/// Rules of buf's category FILE that ask for no MAJOR of ours, and why.
const MILDER: &[(&str, &str)] = &[
    ("FILE_SAME_GO_PACKAGE", "only Go's generator reads it"),
    (
        "FIELD_SAME_JSON_NAME",
        "JSON alone suffers, which counts only where JSON is served",
    ),
];

/// The contracts of others that are changed.
fn contracts() -> FileDescriptorSet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/protos");
    let mut all = FileDescriptorSet::default();
    for corpus in ["googleapis", "grpc", "etcd", "conformance"] {
        let contract =
            Contract::read(&root.join(corpus), &[]).expect("a contract that others wrote");
        let set = FileDescriptorSet::decode(contract.pool().encode_to_vec().as_slice())
            .expect("its descriptors");
        for file in set.file {
            if !all.file.iter().any(|known| known.name == file.name) {
                all.file.push(file);
            }
        }
    }
    all
}

/// Makes the change in every file where it is possible.
fn mutated(
    old: &FileDescriptorSet,
    change: Change,
    random: &mut Random,
) -> (FileDescriptorSet, Vec<String>) {
    let mut new = old.clone();
    let mut made = Vec::new();
    for index in 0..old.file.len() {
        // Google's own descriptors describe themselves.
        if old.file[index].package() == "google.protobuf" {
            continue;
        }
        let before = new.file[index].clone();
        match change(&mut new, index, random) {
            Some(said) => made.push(format!("{}: {said}", old.file[index].name())),
            None => new.file[index] = before,
        }
    }
    (new, made)
}

/// A finding of buf's: its rule, and the file it is in.
type Finding = (String, String);

fn buf(
    name: &str,
    folder: &Path,
    old: &FileDescriptorSet,
    new: &FileDescriptorSet,
) -> BTreeSet<Finding> {
    let write = |file: &str, set: &FileDescriptorSet| {
        let path = folder.join(file);
        std::fs::write(&path, set.encode_to_vec()).expect("a file");
        path
    };
    let (old, new) = (write("old.binpb", old), write("new.binpb", new));
    let output = Command::new(peers::peer("buf"))
        .args(["breaking", "--error-format", "json", "--config"])
        .arg(r#"{"version":"v2","breaking":{"use":["FILE","WIRE"]}}"#)
        .arg("--against")
        .args([&old, &new])
        .current_dir(folder)
        .output()
        .expect("buf is installed");
    let said = String::from_utf8(output.stdout).expect("text");
    let findings: BTreeSet<_> = said.lines().map(finding).collect();
    let told = match output.status.code() {
        Some(0) => findings.is_empty(),
        Some(100) => !findings.is_empty(),
        _ => false,
    };
    assert!(
        told,
        "{name}: buf: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    findings
}

fn finding(line: &str) -> Finding {
    let line: serde_json::Value = serde_json::from_str(line).expect("a finding a line");
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    (text("type"), text("path"))
}

/// The rules of a category.
fn rules(category: &str) -> BTreeSet<String> {
    let output = Command::new(peers::peer("buf"))
        .args([
            "config",
            "ls-breaking-rules",
            "--version",
            "v2",
            "--format",
            "json",
        ])
        .output()
        .expect("buf is installed");
    let said = String::from_utf8(output.stdout).expect("text");
    let rules = said
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a rule a line"));
    let within = rules.filter(|rule| {
        let categories = rule["categories"].as_array();
        categories.is_some_and(|all| all.iter().any(|one| one == category))
    });
    within
        .filter_map(|rule| rule["id"].as_str().map(str::to_owned))
        .collect()
}

/// The worst that our rules ask for, by file.
fn ours(old: &FileDescriptorSet, new: &FileDescriptorSet) -> BTreeMap<String, Bump> {
    let contract = |set: &FileDescriptorSet| {
        Contract::of(
            DescriptorPool::from_file_descriptor_set(set.clone()).expect("a change that compiles"),
        )
    };
    let mut worst = BTreeMap::new();
    for change in diff(&contract(old), &contract(new), &Terms::default()) {
        for location in [&change.old, &change.new].into_iter().flatten() {
            let known = worst.entry(location.file.clone()).or_default();
            *known = change.bump.max(*known);
        }
    }
    worst
}

#[test]
fn buf_calls_nothing_breaking_that_is_not_major_here() {
    let folder = Scratch::new();
    let (file, wire) = (rules("FILE"), rules("WIRE"));
    let old = contracts();
    let (mut random, mut wrong, mut changes, mut found) = (Random::new(7), Vec::new(), 0, 0);
    for (name, change) in mutation::all() {
        let (new, made) = mutated(&old, *change, &mut random);
        assert!(!made.is_empty(), "`{name}` is never possible");
        changes += made.len();
        let ours = ours(&old, &new);
        for (rule, path) in buf(name, folder.path(), &old, &new) {
            found += 1;
            let bump = ours.get(&path).copied().unwrap_or_default();
            let milder = MILDER.iter().any(|(milder, _)| *milder == rule);
            if file.contains(&rule) && bump < Bump::Major && !milder {
                wrong.push(format!("{name}: {rule} in {path} is {bump} here"));
            }
            if wire.contains(&rule) && bump <= Bump::Patch {
                wrong.push(format!(
                    "{name}: {rule}, of the wire, in {path} is {bump} here"
                ));
            }
        }
    }
    assert!(
        changes > 1000 && found > 1000,
        "{changes} changes, {found} findings"
    );
    wrong.sort();
    assert!(
        wrong.is_empty(),
        "{} of {found}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
