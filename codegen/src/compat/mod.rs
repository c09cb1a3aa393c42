//! Compatibility: what changed between two releases of a contract, and what that asks of its version.
//!
//! [`diff`] is a pure function of two compiled contracts. Every rule is a row of a table with a page that explains it;
//! the pages' examples are the rules' tests. `rules/README.md` lists them all.
//!
//! ```text
//! Contract ─┐              ┌─▶ each family of rules ─▶ drafts ─┐
//!           ├─▶ Comparison ┤                                   ├─▶ graded ─▶ changes
//! Contract ─┘              └─▶ Reach: who reaches what ────────┘
//! ```

mod beside;
mod change;
mod compare;
mod contract;
mod declaration;
mod effect;
mod exchange;
mod options;
mod pages;
mod policies;
mod reach;
mod route;
mod rule;
mod rules;
mod terms;
mod text;

pub use beside::Beside;
pub use change::{Change, Location, Scope};
pub use contract::Contract;
pub use effect::{Bump, Effect, Effects};
pub use pages::{Page, page, pages};
pub use reach::Reach;
pub use rule::Rule;
pub use terms::{OptionRule, Profile, Retired, Terms};

use self::change::{Draft, fingerprint};
use self::compare::Comparison;

/// Every change from `old` to `new`, the gravest first, then by place.
///
/// Formatting, and the order of declarations, are no changes.
pub fn diff(old: &Contract, new: &Contract, terms: &Terms) -> Vec<Change> {
    let comparison = Comparison::new(old, new, terms);
    let drafts = comparison.run();
    let mut changes: Vec<Change> = drafts
        .0
        .into_iter()
        .map(|draft| graded(&comparison, draft))
        .filter(|change| change.bump > Bump::None)
        .collect();
    changes.sort_by(|one, other| {
        let place = |change: &Change| {
            let location = change.new.as_ref().or(change.old.as_ref());
            location.map(|location| (location.file.clone(), location.range.start))
        };
        let by_place = || place(one).cmp(&place(other));
        let by_name = || (&one.subject, one.rule.id).cmp(&(&other.subject, other.rule.id));
        other
            .bump
            .cmp(&one.bump)
            .then_with(by_place)
            .then_with(by_name)
    });
    changes
}

/// Gives a draft its place, its scope and its bump.
fn graded(comparison: &Comparison<'_>, draft: Draft) -> Change {
    let reach = &comparison.reach;
    let mut effects = draft.effects;
    if !reach.is_on_the_wire(&draft.owner) {
        effects = Effects::new(effects.source, Effect::None, Effect::None);
    }
    if !comparison.terms.json {
        effects.json = Effect::None;
    }
    Change {
        fingerprint: fingerprint([draft.rule.id, &draft.subject, &draft.message]),
        rule: draft.rule,
        subject: draft.subject,
        message: draft.message,
        note: draft.note,
        instead: draft.instead,
        beside: draft.beside.map(|beside| beside.located(comparison)),
        effects,
        bump: draft.fixed.unwrap_or_else(|| effects.bump()),
        old: draft.old.map(|site| comparison.old.locate(&site)),
        new: draft.new.map(|site| comparison.new.locate(&site)),
        scope: reach.scope(&draft.owner),
    }
}
