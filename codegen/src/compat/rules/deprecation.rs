//! Deprecation, of whatever is declared.

use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Drafts};
use crate::compat::declaration::Declaration;
use crate::compat::effect::Bump;
use crate::compat::effect::Effect::{Minor, None as Not};
use crate::compat::rule::{Family, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&DEPRECATED, &UNDEPRECATED],
    pages: include_str!("deprecation.md"),
    contract,
    ..Family::EMPTY
};

static DEPRECATED: Rule = Rule {
    id: "deprecated",
    title: "something was marked as deprecated",
};
static UNDEPRECATED: Rule = Rule {
    id: "undeprecated",
    title: "something is no longer marked as deprecated",
};

fn contract(comparison: &Comparison<'_>, found: &mut Drafts) {
    for (old, new) in comparison.declarations() {
        match (old.is_deprecated(), new.is_deprecated()) {
            (false, true) => found.add(
                draft(&DEPRECATED, old, new, "is deprecated")
                    .effects(Minor, Not, Not)
                    .note("Rust that uses it compiles with a warning; peers do not notice"),
            ),
            (true, false) => found.add(
                draft(&UNDEPRECATED, old, new, "is no longer deprecated")
                    .bump(Bump::Patch)
                    .note("a warning less"),
            ),
            _ => {}
        }
    }
}

fn draft(rule: &'static Rule, old: &Declaration, new: &Declaration, what: &str) -> Draft {
    let number = match new {
        Declaration::File(_) => 23,
        Declaration::Service(_) | Declaration::Method(_) => 33,
        Declaration::Value(_) => 1,
        _ => 3,
    };
    let message = format!("{} {what}", old.title());
    Draft::new(rule, new.owner(), old.subject(), message)
        .old(old.options_site().part(&[number]))
        .new_site(new.options_site().part(&[number]))
}
