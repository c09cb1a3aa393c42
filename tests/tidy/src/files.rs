//! What holds for every file.

use crate::source::{self, assert_none};

const LINES: usize = 400;

#[test]
fn a_file_says_first_what_it_is() {
    let broken: Vec<String> = source::rust()
        .iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path.clone())
        .collect();
    assert_none("a file starts with `//!` and one sentence", &broken);
}

#[test]
fn a_file_is_one_idea() {
    let broken: Vec<String> = source::rust()
        .iter()
        .map(|source| (source.text.lines().count(), source))
        .filter(|(lines, _)| *lines > LINES)
        .map(|(lines, source)| format!("{} has {lines}", source.path))
        .collect();
    assert_none("a file has at most 400 lines", &broken);
}

#[test]
fn a_lint_is_silenced_with_a_reason() {
    let mut broken = Vec::new();
    for source in source::rust() {
        // What a generator quotes is for the users' code.
        if source.text.contains("quote!") || source.is_in(&["tests/tidy/"]) {
            continue;
        }
        for (start, _) in source.text.match_indices('\n') {
            let rest = source.text[start..].trim_start();
            let attribute = rest
                .strip_prefix("#[")
                .or_else(|| rest.strip_prefix("#!["))
                .and_then(|rest| rest.split_once("]\n"))
                .map_or("", |(attribute, _)| attribute);
            let inner = attribute
                .strip_prefix("cfg_attr(test,")
                .unwrap_or(attribute)
                .trim_start();
            let silences = inner.starts_with("allow(") || inner.starts_with("expect(");
            if silences && !inner.contains("reason =") {
                broken.push(source.at(source.text[..start].lines().count() + 1, attribute));
            }
        }
    }
    assert_none("`#[allow]` and `#[expect]` carry a reason", &broken);
}

#[test]
fn nothing_names_the_machine_it_was_written_on_nor_a_package_registry() {
    // Spelled in two halves, or this file would be found.
    let words = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
        concat!("deb.debian", ".org"),
        concat!("pypi", ".org"),
        concat!("registry.npmjs", ".org"),
        concat!("index.crates", ".io"),
        concat!("static.crates", ".io"),
    ];
    let mut broken = Vec::new();
    for source in source::all() {
        let found = source
            .text
            .lines()
            .zip(1..)
            .filter(|(line, _)| words.iter().any(|word| line.contains(word)));
        broken.extend(found.map(|(line, number)| source.at(number, line)));
    }
    assert_none(
        "no file names a machine's folders or a package registry",
        &broken,
    );
}

#[test]
fn nothing_is_left_to_do_in_a_comment_and_no_test_is_left_out() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X "),
        concat!("#[ig", "nore"),
    ];
    let mut broken = Vec::new();
    for source in source::rust() {
        let found = source
            .text
            .lines()
            .zip(1..)
            .filter(|(line, _)| words.iter().any(|word| line.contains(word)));
        broken.extend(found.map(|(line, number)| source.at(number, line)));
    }
    assert_none(
        "what is left to do stands in an issue, and a test runs or is deleted",
        &broken,
    );
}
