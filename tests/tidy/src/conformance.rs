//! Cases of other projects, and failures seen in them: each is shown by a test that cites it, or has a reason not to be.
//!
//! A list is two files in `runtime/conformance`: `NAME.names` holds every case, a line each (`grpc-java: pushback`, or
//! `resilience4j #1090` where it is a failure), and `NAME.txt` those that do not apply, with the reason. A test cites a case
//! in its doc comment: ``/// grpc-java `pushback`.``, ``/// Seen in resilience4j #1090.``
//!
//! `docs/conformance.md` is made of them: `COUPLET_BLESS=1 cargo test -p couplet-tidy conformance` writes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
};

use crate::source::{self, assert_none};

const LISTS: &str = "runtime/conformance";
const PAGE: &str = "docs/conformance.md";
const NOT_APPLICABLE: &str = ": not applicable: ";

/// Whose cases are cited by name: other projects, and the list of all ways in which a breaker can be stuck.
const ORIGINS: [&str; 6] = [
    "grpc-java",
    "grpc-go",
    "C-core",
    "grpc-dotnet",
    "grpc-node",
    "wedge suite",
];

/// All cases of one list.
struct List {
    name: String,
    /// In the order of the file.
    cases: Vec<String>,
    /// Why a case does not apply.
    reasons: BTreeMap<String, String>,
}

/// A test's name, and what the comment before it says.
struct Cited {
    test: String,
    comment: String,
}

#[test]
fn every_case_is_shown_by_a_test_or_has_a_reason_not_to_be() {
    let (lists, tests) = (lists(), tests());
    let mut wrong = Vec::new();
    for list in &lists {
        for case in &list.cases {
            let shown = tests.iter().any(|test| test.cites(case));
            match (shown, list.reasons.contains_key(case)) {
                (false, false) => wrong.push(format!("{}: no test cites {case}", list.name)),
                (true, true) => wrong.push(format!(
                    "{}: {case} does not apply, and a test cites it",
                    list.name
                )),
                _ => {}
            }
        }
        let known: BTreeSet<_> = list.cases.iter().collect();
        let strange = list.reasons.keys().filter(|case| !known.contains(case));
        wrong.extend(strange.map(|case| format!("{}: {case} is on no list", list.name)));
    }
    assert_none("a case is shown or has a reason", &wrong);
}

#[test]
fn the_page_about_conformance_says_what_the_lists_and_the_tests_say() {
    let page = page(&lists(), &tests());
    let path = source::root().join(PAGE);
    if std::env::var_os("COUPLET_BLESS").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{PAGE} is not what it should be; COUPLET_BLESS=1 cargo test -p couplet-tidy conformance writes it"
    );
}

fn page(lists: &[List], tests: &[Cited]) -> String {
    let mut page = String::from(
        "# Conformance\n\nCases of other projects' tests, and failures that were seen in other libraries: the test here \
         that shows each, or why it does not apply. Made by `COUPLET_BLESS=1 cargo test -p couplet-tidy conformance`.\n\n\
         | list | cases | shown | not applicable |\n| --- | --: | --: | --: |\n",
    );
    for List {
        name,
        cases,
        reasons,
    } in lists
    {
        let (all, without) = (cases.len(), reasons.len());
        let _ = writeln!(
            page,
            "| [{name}](#{name}) | {all} | {} | {without} |",
            all - without
        );
    }
    for list in lists {
        let _ = write!(
            page,
            "\n## {}\n\n| case | shown by |\n| --- | --- |\n",
            list.name
        );
        for case in &list.cases {
            let shown = match list.reasons.get(case) {
                Some(reason) => format!("not applicable: {reason}"),
                None => by(case, tests),
            };
            let _ = writeln!(page, "| {case} | {shown} |");
        }
    }
    page
}

fn by(case: &str, tests: &[Cited]) -> String {
    let citing = tests.iter().filter(|test| test.cites(case));
    let names: Vec<_> = citing.map(|test| format!("`{}`", test.test)).collect();
    names.join(", ")
}

fn lists() -> Vec<List> {
    let folder = source::root().join(LISTS);
    let entries = fs::read_dir(&folder).expect("the lists are there");
    let mut names: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            Some(name.strip_suffix(".names")?.to_owned())
        })
        .collect();
    names.sort();
    let read = |name: &str, ending| {
        fs::read_to_string(folder.join(format!("{name}.{ending}"))).unwrap_or_default()
    };
    let list = |name: String| List {
        cases: lines(&read(&name, "names")).map(str::to_owned).collect(),
        reasons: lines(&read(&name, "txt"))
            .map(|line| {
                let (case, reason) = line.split_once(NOT_APPLICABLE).unwrap_or((line, ""));
                assert!(!reason.is_empty(), "{name}.txt: `{line}` says no reason");
                (case.to_owned(), reason.to_owned())
            })
            .collect(),
        name,
    };
    names.into_iter().map(list).collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("# "))
}

/// The tests whose comments cite anything.
fn tests() -> Vec<Cited> {
    let mut tests = Vec::new();
    for source in source::rust() {
        let mut comment = String::new();
        for line in source.text.lines().map(str::trim) {
            if let Some(text) = line
                .strip_prefix("///")
                .or_else(|| line.strip_prefix("// "))
            {
                comment.push_str(text);
                comment.push('\n');
            } else if let Some(name) = function(line) {
                let comment = std::mem::take(&mut comment);
                if comment.contains("Seen in") || ORIGINS.iter().any(|one| comment.contains(one)) {
                    let test = name.to_owned();
                    tests.push(Cited { test, comment });
                }
            } else if !line.starts_with('#') && !line.ends_with(['(', ')', ']']) {
                comment.clear();
            }
        }
    }
    tests
}

fn function(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("async ").unwrap_or(line);
    let (name, _) = rest.strip_prefix("fn ")?.split_once(['(', '<'])?;
    Some(name)
}

impl Cited {
    fn cites(&self, case: &str) -> bool {
        self.names().contains(case) || self.failures().any(|failure| failure == case)
    }

    /// The cases that are cited by name.
    fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut origin = None;
        for line in self.comment.lines() {
            for (index, part) in line.split('`').enumerate() {
                if index % 2 == 1 {
                    names.extend(origin.map(|origin| format!("{origin}: {part}")));
                } else if let Some(found) = last_origin(part) {
                    origin = Some(found);
                }
            }
            // What continues a list ends its line with a comma.
            if !line.trim_end().ends_with(',') {
                origin = None;
            }
        }
        names
    }

    /// The failures that are cited: `library #1`, `library (what)`.
    fn failures(&self) -> impl Iterator<Item = String> {
        let text = self.comment.replace('\n', " ");
        let parts: Vec<_> = text.split("Seen in ").skip(1).map(str::to_owned).collect();
        parts.into_iter().flat_map(|part| failures(&part))
    }
}

fn last_origin(text: &str) -> Option<&'static str> {
    let found = ORIGINS
        .into_iter()
        .filter_map(|one| Some((text.rfind(one)?, one)));
    found.max().map(|(_, origin)| origin)
}

/// `resilience4j #903 #935 and Polly (a probe that hangs).`
fn failures(text: &str) -> Vec<String> {
    let (mut found, mut library, mut rest) = (Vec::new(), "", text.trim_start());
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '(' => rest.find(')').map_or(rest.len(), |end| end + 1),
            _ => rest.find([' ', ',', '.', ';', ':']).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(end.max(1).min(rest.len()));
        match first {
            '#' | '(' => found.push(format!("{library} {word}")),
            _ if word == "and" || word.len() == 1 && !word.starts_with(char::is_alphanumeric) => {}
            _ if word.chars().all(|c| c.is_alphanumeric() || c == '-') => library = word,
            _ => {}
        }
        // The sentence is over.
        if after.starts_with(['.', ':', ';']) {
            break;
        }
        rest = after.trim_start_matches([' ', ',']);
    }
    found
}

#[test]
fn citations_are_read_as_they_are_written() {
    let cited = Cited {
        test: String::new(),
        comment: " grpc-java `a`, `b`,\n `c`; grpc-go `TestD`.\n Not `this`.\n".to_owned(),
    };
    let names: Vec<_> = cited.names().into_iter().collect();
    assert_eq!(
        names,
        [
            "grpc-go: TestD",
            "grpc-java: a",
            "grpc-java: b",
            "grpc-java: c"
        ]
    );
    let read = failures(
        "resilience4j #903 #935, Polly (a probe that hangs) and linkerd2-proxy #1. Then more #2",
    );
    let expected = [
        "resilience4j #903",
        "resilience4j #935",
        "Polly (a probe that hangs)",
        "linkerd2-proxy #1",
    ];
    assert_eq!(read, expected);
}
