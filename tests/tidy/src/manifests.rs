//! What holds for the manifests.

use crate::source::{self, Source, assert_none};

/// The manifests of the workspace's members: benches and what stands for users' crates have lock files of their own.
fn members() -> Vec<Source> {
    let mut sources = source::all();
    sources.retain(|source| {
        source.path.ends_with("/Cargo.toml") && !source.text.contains("[workspace]")
    });
    sources.retain(|source| !source.is_in(&["benches/"]) && !source.path.contains("/fixtures/"));
    assert!(sources.len() >= 4, "the members are there");
    sources
}

#[test]
fn the_version_of_a_dependency_stands_once() {
    let mut broken = Vec::new();
    for source in members() {
        let mut section = "";
        for (line, number) in source.text.lines().zip(1..) {
            if line.starts_with('[') {
                section = line;
            }
            let names_a_dependency =
                section.ends_with("dependencies]") && line.contains('=') && !line.starts_with('#');
            let inherits = line.contains("workspace = true") || line.contains("path = ");
            if names_a_dependency && (!inherits || line.contains("version = ")) {
                broken.push(source.at(number, line));
            }
        }
    }
    assert_none("versions stand in the workspace's table only", &broken);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let broken: Vec<String> = members()
        .iter()
        .filter(|source| !source.text.contains("[lints]\nworkspace = true"))
        .map(|source| source.path.clone())
        .collect();
    assert_none(
        "`[lints] workspace = true` stands in every manifest",
        &broken,
    );
}

#[test]
fn the_macros_build_codegen_without_the_proto_front_end() {
    let sources = source::all();
    let text = |path: &str| {
        sources
            .iter()
            .find(|source| source.path == path)
            .map_or("", |source| source.text.as_str())
    };
    for heavy in ["protox", "prost-build", "prost-reflect"] {
        let line = text("codegen/Cargo.toml").lines().find(|line| {
            line.starts_with(&format!("{heavy} ")) || line.starts_with(&format!("{heavy}."))
        });
        assert!(
            line.is_none_or(|line| line.contains("optional = true")),
            "codegen always builds {heavy}: {line:?}"
        );
    }
    let uses = text("macros/Cargo.toml")
        .lines()
        .find(|line| line.starts_with("couplet-codegen"));
    assert!(
        uses.is_none_or(
            |line| !line.contains("default-features = true") && !line.contains("\"proto\"")
        ),
        "{uses:?}"
    );
}
