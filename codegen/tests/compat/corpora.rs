//! Contracts of others: nothing changed between one and itself, and all of it is found where all of it did.

use std::path::Path;

use couplet_codegen::compat::{Bump, Contract, Terms, diff};

use crate::contracts::contract;

const CORPORA: [&str; 4] = ["googleapis", "grpc", "etcd", "conformance"];

fn corpus(name: &str) -> Contract {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/protos");
    Contract::read(&root.join(name), &[]).expect("a contract that others wrote")
}

#[test]
fn nothing_changed_between_a_contract_and_itself() {
    for name in CORPORA {
        // Compiled twice, so that what is equal is so by what it says.
        let changes = diff(&corpus(name), &corpus(name), &Terms::default());
        let found: Vec<_> = changes.iter().map(|change| &change.message).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

/// The same text in other dress: tabs, blanks behind, and the line ends of another system.
fn dressed(text: &str) -> String {
    let line = |line: &str| {
        let bare = line.trim_start();
        format!("{}{bare} \t\r\n", "\t".repeat(line.len() - bare.len()))
    };
    text.lines().map(line).collect()
}

#[test]
fn formatting_does_not_matter() {
    for name in CORPORA {
        let old = corpus(name);
        let files = old.files().map(|file| {
            let text = old.text(file.name()).1.expect("a text");
            (file.name().to_owned(), dressed(&text))
        });
        let new = contract(&files.collect()).expect("the same contract");
        let changes = diff(&old, &new, &Terms::default());
        let found: Vec<_> = changes.iter().map(|change| &change.message).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn a_contract_that_gave_way_to_another_is_major_and_every_change_can_be_told_from_the_others() {
    for (old, new) in CORPORA.iter().zip(&CORPORA[1..]) {
        let changes = diff(&corpus(old), &corpus(new), &Terms::default());
        let worst = changes.iter().map(|change| change.bump).max();
        assert_eq!(worst, Some(Bump::Major), "{old} to {new}");

        let mut seen = std::collections::BTreeMap::new();
        for change in &changes {
            let (rule, subject) = (change.rule.id, &change.subject);
            assert!(
                change.old.is_some() || change.new.is_some(),
                "{rule}: {subject}"
            );
            assert!(!change.note.is_empty(), "{rule}: {subject} has no note");
            let twin = seen.insert(change.fingerprint.clone(), (rule, subject));
            assert!(twin.is_none(), "{rule}: {subject}, and {twin:?}");
        }
    }
}
