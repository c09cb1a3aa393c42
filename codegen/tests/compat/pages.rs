//! The pages of the rules: every rule has one, and what its cases say is what is found.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use couplet_codegen::compat::{Bump, OptionRule, Profile, Retired, Terms, pages};

use crate::contracts::{Files, changes, verdict};

/// A change as a page shows it.
pub(crate) struct Case<'a> {
    pub(crate) heading: &'a str,
    pub(crate) verdict: &'a str,
    pub(crate) terms: Terms,
    pub(crate) diff: &'a str,
}

/// What a case need not say: unless it names its syntax itself, it is a file of its own with these lines in front.
const PRELUDE: &str = "syntax = \"proto3\";\npackage acme.v1;\n";

#[test]
fn every_rule_has_a_page_and_every_page_a_case_that_is_graded_as_it_says() {
    let mut wrong = String::new();
    for page in pages() {
        let id = page.rule.id;
        let cases = cases(page.text);
        if cases.is_empty() {
            let _ = writeln!(wrong, "{id}: no case");
        }
        for case in &cases {
            let (old, new) = sides(case.diff);
            let found = match changes(&old, &new, &case.terms) {
                // What is no change is found by no rule.
                Ok(changes) if changes.is_empty() => "NONE".to_owned(),
                Ok(changes) if !changes.iter().any(|change| change.rule.id == id) => {
                    let rules: Vec<_> = changes.iter().map(|change| change.rule.id).collect();
                    format!("found by {rules:?}")
                }
                Ok(changes) => verdict(&changes).to_string(),
                Err(error) => error,
            };
            if found != case.verdict {
                let _ = writeln!(
                    wrong,
                    "{id}, {}: {found}\n    and not {}",
                    case.heading, case.verdict
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The cases of a page: a heading, the verdict, a block.
pub(crate) fn cases(page: &str) -> Vec<Case<'_>> {
    let sections = page.split("\n## ").skip(1);
    sections
        .map(|section| {
            let (heading, rest) = section.split_once("\n\n").expect("a heading");
            let (verdict, rest) = rest.split_once("\n\n").expect("a verdict");
            let (verdict, given) = verdict.split_once('\n').unwrap_or((verdict, ""));
            let diff = rest.strip_prefix("```diff\n").expect("a block");
            let (diff, _) = diff.split_once("\n```").expect("the end of the block");
            Case {
                heading,
                verdict,
                terms: terms(given),
                diff,
            }
        })
        .collect()
}

/// What a comparison is told beside the contracts, a line each.
fn terms(given: &str) -> Terms {
    let mut terms = Terms::default();
    for line in given.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["given", "exhaustive"] => terms.profile = Profile::Exhaustive,
            ["given", "without", "JSON"] => terms.json = false,
            ["given", "option", name, added, removed, changed] => {
                let (added, removed, changed) = (bump(added), bump(removed), bump(changed));
                let rule = OptionRule {
                    added,
                    removed,
                    changed,
                };
                terms.options.insert((*name).to_owned(), rule);
            }
            ["given", "retired", name, gone @ ..] => {
                let retired = Retired {
                    numbers: gone.iter().filter_map(|word| word.parse().ok()).collect(),
                    names: gone.iter().map(|word| (*word).to_owned()).collect(),
                };
                terms.retired.insert((*name).to_owned(), retired);
            }
            _ => panic!("unknown condition `{line}`"),
        }
    }
    terms
}

fn bump(name: &str) -> Bump {
    let bumps = [Bump::None, Bump::Patch, Bump::Minor, Bump::Major];
    let bump = bumps.into_iter().find(|bump| bump.name() == name);
    bump.expect("a bump")
}

/// The contract before and after a change. A block is of one file, or `--- name` and `+++ name` begin each.
pub(crate) fn sides(diff: &str) -> (Files, Files) {
    let (mut old, mut new) = (Files::new(), Files::new());
    let (mut old_name, mut new_name) = ("acme/v1/a.proto", "acme/v1/a.proto");
    for line in diff.lines() {
        let put = |files: &mut Files, name: &str, line: &str| {
            let file = files.entry(name.to_owned()).or_default();
            file.push_str(line);
            file.push('\n');
        };
        if let Some(name) = line.strip_prefix("--- ") {
            old_name = name;
        } else if let Some(name) = line.strip_prefix("+++ ") {
            new_name = name;
        } else if let Some(line) = line.strip_prefix('-') {
            put(&mut old, old_name, line);
        } else if let Some(line) = line.strip_prefix('+') {
            put(&mut new, new_name, line);
        } else {
            let line = line.strip_prefix(' ').unwrap_or(line);
            put(&mut old, old_name, line);
            put(&mut new, new_name, line);
        }
    }
    for text in old.values_mut().chain(new.values_mut()) {
        if !text.contains("syntax =") {
            text.insert_str(0, PRELUDE);
        }
    }
    (old, new)
}

#[test]
fn every_page_says_what_happened_why_and_what_to_do_instead() {
    let mut wrong = String::new();
    for page in pages() {
        let id = page.rule.id;
        let about = page.text.split("\n## ").next().unwrap_or_default();
        let paragraphs: Vec<_> = about.split("\n\n").skip(1).map(str::trim).collect();
        let mut say = |what: &str| {
            let _ = writeln!(wrong, "{id}: {what}");
        };
        match paragraphs.first() {
            Some(first) if first.ends_with('.') && first.lines().count() <= 2 => {}
            _ => say("does not begin with one sentence that says what happened"),
        }
        if paragraphs.len() < 2 {
            say("does not say why");
        }
        let mut cases = cases(page.text).into_iter();
        let is_safe = |case: &Case<'_>| case.terms.profile == Profile::MinorSafe;
        let is_breaking = cases.any(|case| case.verdict.starts_with("MAJOR") && is_safe(&case));
        let is_told = paragraphs.iter().any(|it| it.starts_with("Instead"));
        if is_breaking && !is_told && !OWN_VERDICT.contains(&id) {
            say("does not say what to do instead");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Breaking for a reason of the contract's own: nobody here can say what to do instead.
const OWN_VERDICT: [&str; 1] = ["option-changed"];

#[test]
fn the_index_names_every_rule_and_its_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compat/rules");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the rules")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    let holds = |id: &str| {
        let heading = format!("\n# {id}\n");
        let mut files = files.iter().filter(|path| !path.ends_with("README.md"));
        let text = |path: &Path| format!("\n{}", fs::read_to_string(path).expect("a page"));
        let found = files.find(|path| text(path).contains(&heading));
        let found = found.and_then(|path| path.file_name()).expect("its file");
        found.to_string_lossy().into_owned()
    };
    let mut rows = String::new();
    for page in pages() {
        let (id, title) = (page.rule.id, page.rule.title);
        let _ = writeln!(rows, "| [`{id}`]({}#{id}) | {title} |", holds(id));
    }
    let index = folder.join("README.md");
    let text = fs::read_to_string(&index).expect("the index");
    let (head, _) = text.split_once(TABLE).expect("its table");
    let expected = format!("{head}{TABLE}{rows}");
    if std::env::var_os("COUPLET_BLESS").is_some() {
        fs::write(&index, &expected).expect("the index can be written");
    } else {
        assert_eq!(text, expected, "COUPLET_BLESS=1 writes it");
    }
}

/// What the table of the index begins with.
const TABLE: &str = "| rule | what happened |\n| --- | --- |\n";
