//! The corpus and the pages once more, with every name that they declare changed: no verdict hangs on one.

use std::collections::BTreeMap;
use std::fmt::Write;

use couplet_codegen::compat::{Profile, Terms, pages};

use crate::contracts::{Files, changes, verdict};
use crate::corpus::cases;
use crate::pages::{cases as cases_of, sides};

#[test]
fn another_name_for_everything_leaves_every_verdict_of_the_corpus_as_it_is() {
    let mut wrong = String::new();
    for case in cases() {
        let found = renamed(&case.old, &case.new);
        if found != case.label {
            let (name, label) = (&case.name, &case.label);
            let _ = writeln!(wrong, "{name}: {found}\n    and not {label}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn another_name_for_everything_on_a_page_leaves_its_verdicts_as_they_are() {
    let mut wrong = String::new();
    for page in pages() {
        for case in cases_of(page.text) {
            let (old, new) = sides(case.diff);
            if SPELLING.contains(&case.heading) || !is_plain(&case.terms) {
                continue;
            }
            let found = renamed(&old, &new);
            let is_none = case.verdict == "NONE" && found.starts_with("NONE");
            if !is_none && found != case.verdict {
                let (id, heading, verdict) = (page.rule.id, case.heading, case.verdict);
                let _ = writeln!(wrong, "{id}, {heading}: {found}\n    and not {verdict}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Cases about two names that JSON or Rust, or nobody, can tell apart.
const SPELLING: [&str; 5] = [
    "a group as a message",
    "a name that is another one, but the same in JSON",
    "nobody sees the other name",
    "only JSON sees the other name",
    "the same name in Rust",
];

/// Whether the contracts are all that is compared. What else a comparison is told has names in it, too.
fn is_plain(terms: &Terms) -> bool {
    terms.retired.is_empty()
        && terms.options.is_empty()
        && terms.json
        && terms.profile == Profile::default()
}

fn renamed(old: &Files, new: &Files) -> String {
    let names = Names::of(&[old, new]);
    let (other_old, other_new) = (names.rename(old), names.rename(new));
    assert_ne!(*old, other_old, "the names are others");
    match changes(&other_old, &other_new, &Terms::default()) {
        Ok(changes) => verdict(&changes).to_string(),
        Err(error) => error,
    }
}

/// Every declared name and the one that it gets.
struct Names(BTreeMap<String, String>);

impl Names {
    /// What sorts first gets a name that sorts last, for an order of names says nothing either.
    fn of(contracts: &[&Files]) -> Self {
        let mut names = BTreeMap::new();
        for text in contracts.iter().flat_map(|files| files.values()) {
            declared(&tokens(text), &mut names);
        }
        let letters = ('a'..='z').rev().cycle();
        for ((name, other), letter) in names.iter_mut().zip(letters) {
            let is_upper = name.starts_with(char::is_uppercase);
            let letter = if is_upper {
                letter.to_ascii_uppercase()
            } else {
                letter
            };
            // In front, so that a name in JSON is still that of its field.
            *other = format!("{letter}{name}");
        }
        Self(names)
    }

    fn rename(&self, files: &Files) -> Files {
        let files = files.iter();
        files
            .map(|(file, text)| (file.clone(), self.text(text)))
            .collect()
    }

    fn text(&self, text: &str) -> String {
        let tokens = tokens(text);
        let mut renamed = String::new();
        for (index, token) in tokens.iter().enumerate() {
            let is_key = tokens.get(index + 1) == Some(&":");
            match self.0.get(*token) {
                Some(name) if !is_key => renamed.push_str(name),
                _ if token.starts_with('"') => renamed.push_str(&self.quoted(token)),
                _ => renamed.push_str(token),
            }
        }
        renamed
    }

    /// A name as a text: that of a field in JSON, a reserved one, or one in a path.
    fn quoted(&self, token: &str) -> String {
        let text = token.trim_matches('"');
        let mut renamed = text.to_owned();
        for (name, other) in &self.0 {
            if text == name {
                renamed.clone_from(other);
            } else if text == in_json(name) {
                renamed = in_json(other);
            }
            for end in ["}", "="] {
                renamed = renamed.replace(&format!("{{{name}{end}"), &format!("{{{other}{end}"));
            }
        }
        format!("\"{renamed}\"")
    }
}

fn in_json(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name + letters.as_str()
    })
}

/// The names that these tokens declare.
fn declared(tokens: &[&str], names: &mut BTreeMap<String, String>) {
    let tokens: Vec<_> = tokens
        .iter()
        .filter(|token| !token.trim().is_empty())
        .collect();
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate() {
        let after = |step: usize| tokens.get(index + step).map_or("", |token| **token);
        let before = index.checked_sub(1).map_or("", |index| *tokens[index]);
        match **token {
            "[" => depth += 1,
            "]" => depth -= 1,
            _ => {}
        }
        let is_number = after(2).starts_with(|first: char| first.is_ascii_digit() || first == '-');
        let is_field = depth == 0 && after(1) == "=" && is_number;
        let is_named = ["message", "enum", "service", "rpc", "oneof"].contains(&before);
        if (is_field || is_named) && is_word(token) {
            names.insert((**token).to_owned(), String::new());
        }
        if before == "package" {
            let parts = tokens[index..].iter().take_while(|token| ***token != ";");
            let parts = parts.filter(|token| is_word(token));
            names.extend(parts.map(|part| ((**part).to_owned(), String::new())));
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// Words, numbers, quoted texts, and every other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let in_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let length = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            first if in_word(first) => rest.find(|letter| !in_word(letter)).unwrap_or(rest.len()),
            first => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after;
    }
    tokens
}
