//! What buf calls breaking is MAJOR here, and what asks for nothing here is no matter for buf's wire rules.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use couplet_codegen::compat::{Bump, Contract, Terms, diff};
use prost::Message;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorSet;
use prost_types::method_options::IdempotencyLevel;

use crate::mutation::{self, Change};
use crate::random::Random;

#[path = "../support/peers.rs"]
mod peers;
#[path = "../support/scratch.rs"]
mod scratch;
use scratch::Scratch;

/// What buf calls breaking and is not MAJOR here: the change, buf's rule, and why.
const MILDER: &[(&str, &str, &str)] = &[
    (
        "promise more about repeats",
        "RPC_SAME_IDEMPOTENCY_LEVEL",
        "who was promised less loses nothing",
    ),
    (
        "move a message to another file",
        "MESSAGE_NO_DELETE",
        "Rust and the wire know packages, not files",
    ),
    (
        "set an option of another language",
        "FILE_SAME_GO_PACKAGE",
        "only Go's generator reads it",
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
    // So that there is something to promise less of.
    let methods = all
        .file
        .iter_mut()
        .flat_map(|file| &mut file.service)
        .flat_map(|service| &mut service.method);
    for method in methods.step_by(2) {
        let options = method.options.get_or_insert_default();
        options.set_idempotency_level(IdempotencyLevel::NoSideEffects);
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

/// The same contract without its services: then every message is graded, whoever reaches it.
fn without_services(set: &FileDescriptorSet) -> FileDescriptorSet {
    let mut set = set.clone();
    for file in &mut set.file {
        file.service.clear();
    }
    set
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
        let reached = ours(&old, &new);
        // What no service reaches breaks nobody on the wire: buf, which does not ask, is held against that as well.
        let anywhere = LazyCell::new(|| ours(&without_services(&old), &without_services(&new)));
        for (rule, path) in buf(name, folder.path(), &old, &new) {
            found += 1;
            if MILDER
                .iter()
                .any(|(change, milder, _)| change == name && *milder == rule)
            {
                continue;
            }
            let bump =
                |by_file: &BTreeMap<String, Bump>| by_file.get(&path).copied().unwrap_or_default();
            let bump = match bump(&reached) {
                Bump::Major => Bump::Major,
                milder => milder.max(bump(&anywhere)),
            };
            if file.contains(&rule) && bump < Bump::Major {
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
