//! Contracts from texts, and the verdict on two of them.

use std::collections::BTreeMap;
use std::fs;

use couplet_codegen::compat::{Bump, Change, Contract, Effects, Terms, diff};

#[path = "../support/scratch.rs"]
mod scratch;
use scratch::Scratch;

/// Texts by the name of their file.
pub(crate) type Files = BTreeMap<String, String>;

/// What the changes between two contracts come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) bump: Bump,
    pub(crate) effects: Effects,
}

/// Compiles texts.
pub(crate) fn contract(files: &Files) -> Result<Contract, String> {
    let folder = Scratch::new();
    for (file, text) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    Contract::read(folder.path(), &[]).map_err(|errors| errors.to_string())
}

/// Every change between two contracts.
pub(crate) fn changes(old: &Files, new: &Files, terms: &Terms) -> Result<Vec<Change>, String> {
    Ok(diff(&contract(old)?, &contract(new)?, terms))
}

/// The worst of all.
pub(crate) fn verdict(changes: &[Change]) -> Verdict {
    changes
        .iter()
        .fold(Verdict::default(), |worst, change| Verdict {
            bump: worst.bump.max(change.bump),
            effects: worst.effects.worst(change.effects),
        })
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Effects { source, wire, json } = self.effects;
        let bump = self.bump.name().to_uppercase();
        write!(
            formatter,
            "{bump}: source {source}, wire {wire}, JSON {json}"
        )
    }
}
