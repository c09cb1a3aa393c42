//! The page about versions says what is so: its table is what the rule says, its contract and its history can be read.

use std::{fs, path::Path};

use couplet::{
    call::{CrossMajor, Declared, Release},
    policy::version::admits,
};
use couplet_codegen::{
    Builder,
    release::{self, Project},
};

const GUIDE: &str = include_str!("../../../docs/versions.md");

/// What the rule says of a row of the table.
fn verdict(client: &str, server: &str, with: &str) -> &'static str {
    // Such as: accepts `1.4`, cross_major `WIRE`.
    let said = |name: &str| {
        let settings = with.split(", ").filter_map(|one| one.split_once(' '));
        let mut found = settings.filter(|(known, _)| *known == name);
        found
            .next()
            .map_or("", |(_, value)| value.trim_matches('`'))
    };
    let server = Declared {
        version: server,
        accepts: said("accepts"),
        wire_since: said("wire_since"),
        cross_major: match said("cross_major") {
            "WIRE" => CrossMajor::Wire,
            _ => CrossMajor::Refuse,
        },
        ..Declared::default()
    };
    let client = Release::parse(client, "").expect("a version").client;
    let server = Release::of(&server).expect("a version").server;
    match admits(&client.range, &server.range) {
        Ok(()) => "served",
        Err(misfit) => misfit.reason(),
    }
}

#[test]
fn the_table_of_who_meets_whom_is_the_rule() {
    let (_, table) = GUIDE
        .split_once("| client | server | with |")
        .expect("the table");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let cells: Vec<_> = row
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        let [_, client, server, _, outcome, _] = cells[..] else {
            panic!("{row}");
        };
        let with = row.split('|').nth(3).expect("a cell").trim();
        assert_eq!(verdict(client, server, with), outcome, "{row}");
        count += 1;
    }
    assert!(count > 10, "{count} rows");
}

/// The first block in a language that begins with these words.
fn block(language: &str, begins: &str) -> &'static str {
    let start = GUIDE.find(&format!("```{language}\n{begins}"));
    let block = &GUIDE[start.expect("it is there") + "```\n".len() + language.len()..];
    block.split("```").next().expect("the block ends")
}

/// A package with the contract of the page, in a folder of this test.
fn package(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What an earlier run has left there is none of this one's.
    let _ = fs::remove_dir_all(&folder);
    for below in ["proto", "out"] {
        fs::create_dir_all(folder.join(below)).expect("the test's own folder");
    }
    let option = block("proto", "option");
    let contract = format!(
        "syntax = \"proto3\";\npackage movies.v1;\nimport \"couplet/options.proto\";\n\
         service Movies {{\n{option}\nrpc Get(Nothing) returns (Nothing);\n}}\nmessage Nothing {{}}\n"
    );
    fs::write(folder.join("proto/movies.proto"), contract).expect("the test's own folder");
    folder
}

#[test]
fn the_options_are_those_of_contracts() {
    let folder = package("guide-options");
    let builder = Builder::new().quiet(true).out_dir(folder.join("out"));
    let report = builder
        .compile(
            &[folder.join("proto/movies.proto")],
            &[folder.join("proto")],
        )
        .expect("a contract without mistakes");
    // Nothing of it was released: clients ask for their own MINOR, as the page says.
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    assert!(report.warnings[0].contains("`client_min: PER_CALL` without a release"));
}

#[test]
fn the_history_is_one_that_can_be_read() {
    let folder = package("guide-history");
    let first =
        release::release(&Project::at(&folder).expect("a contract")).expect("a first release");
    first.write().expect("the test's own folder");
    let path = folder.join("released/history.toml");
    let released = fs::read_to_string(&path).expect("it was just written");
    let settings = block("toml", "format = 1").replace("format = 1\n", "");
    let history = format!("{released}\n{settings}");
    fs::write(&path, &history).expect("the test's own folder");
    let project = Project::at(&folder).expect("a history without mistakes");
    assert_eq!(project.protos, [folder.join("proto/movies.proto")]);

    let misspelled = history.replace("docs =", "doc =");
    fs::write(&path, misspelled).expect("the test's own folder");
    let errors = Project::at(&folder).expect_err("a mistake");
    assert!(errors.to_string().contains("json, docs, protos, includes"));
}
