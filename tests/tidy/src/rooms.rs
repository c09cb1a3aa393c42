//! Which room of the runtime may use which, and which crate which.

use crate::source::{self, Source, assert_none};

/// Each room with the rooms that it may use. A room that is not here may use every one: it is the root or the door.
const ROOMS: &[(&str, &[&str])] = &[
    ("call", &[]),
    ("policy", &["call"]),
    ("json", &[]),
    ("config", &["call", "policy", "json"]),
    ("telemetry", &["call"]),
    ("layer", &["call", "policy", "telemetry"]),
    // Registries that are services are reached over channels, which find their peers by discovery.
    ("discovery", &["call", "policy", "config", "json", "client"]),
    ("balance", &["call", "policy", "telemetry", "discovery"]),
    ("carrier", &["call", "policy", "balance"]),
    ("stack", &["call", "policy", "config", "layer", "telemetry"]),
    ("saga", &["call", "policy"]),
    (
        "client",
        &[
            "call",
            "policy",
            "config",
            "layer",
            "stack",
            "discovery",
            "balance",
            "carrier",
        ],
    ),
    (
        "server",
        &[
            "call",
            "policy",
            "config",
            "layer",
            "stack",
            "discovery",
            "carrier",
            "telemetry",
        ],
    ),
];

#[test]
fn a_room_uses_only_the_rooms_below_it() {
    let mut broken = Vec::new();
    for source in source::rust() {
        let Some((room, below)) = room_of(&source) else {
            continue;
        };
        for (number, line) in source.code() {
            let strange = |used: &&str| *used != *room && !below.contains(used) && is_room(used);
            broken.extend(
                rooms_used(line)
                    .filter(strange)
                    .map(|_| source.at(number, line)),
            );
        }
    }
    assert_none("a room uses only the rooms below it", &broken);
}

#[test]
fn codegen_does_not_depend_on_the_runtime() {
    let broken: Vec<String> = source::all()
        .iter()
        .filter(|source| {
            source.is_in(&[
                "codegen/Cargo.toml",
                "macros/Cargo.toml",
                "proto/Cargo.toml",
            ])
        })
        .flat_map(|source| {
            source
                .text
                .lines()
                .zip(1..)
                // Tests may look at both ends.
                .take_while(|(line, _)| *line != "[dev-dependencies]")
                .map(move |(line, number)| (source, line, number))
        })
        .filter(|(_, line, _)| line.starts_with("couplet.") || line.starts_with("couplet "))
        .map(|(source, line, number)| source.at(number, line))
        .collect();
    assert_none("the runtime stands on codegen, not the reverse", &broken);
}

#[test]
fn the_rules_of_compatibility_know_no_version_and_no_baseline() {
    let rules = source::rust()
        .into_iter()
        .filter(|source| source.is_in(&["codegen/src/compat/"]));
    let mut broken = Vec::new();
    for source in rules {
        let strange = source
            .code()
            .filter(|(_, line)| line.contains("crate::release"));
        broken.extend(strange.map(|(number, line)| source.at(number, line)));
    }
    assert_none("compat is asked by release, not the reverse", &broken);
}

#[test]
fn generated_code_enters_the_runtime_by_its_door() {
    let golden: Vec<Source> = source::all()
        .into_iter()
        .filter(|source| source.path.contains("/golden/") && source.path.ends_with(".rs"))
        // The opt-in tonic emitter names tonic as well; that is its point.
        .filter(|source| !source.path.contains("tonic"))
        .collect();
    let mut broken = Vec::new();
    for source in &golden {
        let strange = |line: &str| {
            line.match_indices("::couplet::")
                .any(|(start, _)| !line[start..].starts_with("::couplet::codegen"))
                || ["::tonic", "::prost", "::tokio", "::http", "::tower"]
                    .iter()
                    .any(|name| {
                        line.split([' ', '<', '('])
                            .any(|word| word.starts_with(name))
                    })
        };
        broken.extend(
            source
                .code()
                .filter(|(_, line)| strange(line))
                .map(|(number, line)| source.at(number, line)),
        );
    }
    assert_none("generated code names only `::couplet::codegen`", &broken);
}

fn room_of(source: &Source) -> Option<&'static (&'static str, &'static [&'static str])> {
    let inside = source.path.strip_prefix("runtime/src/")?;
    ROOMS
        .iter()
        .find(|(room, _)| inside.split(['/', '.']).next() == Some(room))
}

fn is_room(name: &str) -> bool {
    ROOMS.iter().any(|(room, _)| *room == name)
}

/// The names that follow `crate::` in a line, those in braces included.
fn rooms_used(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("crate::").flat_map(|(start, path)| {
        let rest = &line[start + path.len()..];
        let names = rest
            .strip_prefix('{')
            .unwrap_or_else(|| rest.split(',').next().unwrap_or(rest));
        names
            .split(", ")
            .map(|name| name.split([':', '}', ';', ' ', '(']).next().unwrap_or(name))
    })
}

#[test]
fn the_rooms_of_a_line_are_read_from_paths_and_braces() {
    assert_eq!(
        rooms_used("use crate::call::Call;").collect::<Vec<_>>(),
        ["call"]
    );
    assert_eq!(
        rooms_used("use crate::{carrier::Http2, policy};").collect::<Vec<_>>(),
        ["carrier", "policy"]
    );
    assert!(rooms_used("use std::fmt;").next().is_none());
}
