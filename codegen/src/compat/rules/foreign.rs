//! Options that others declare: they say nothing about compatibility until a team says what they mean.

use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Drafts};
use crate::compat::contract::Contract;
use crate::compat::declaration::Declaration;
use crate::compat::options::{option, same};
use crate::compat::rule::{Family, Rule};
use crate::compat::terms::OptionRule;

pub(super) const FAMILY: Family = Family {
    rules: &[&OPTION_CHANGED],
    pages: include_str!("foreign.md"),
    contract,
    ..Family::EMPTY
};

static OPTION_CHANGED: Rule = Rule {
    id: "option-changed",
    title: "an option that has a rule of its own was set, changed or removed",
};

fn contract(comparison: &Comparison<'_>, found: &mut Drafts) {
    for (name, rule) in &comparison.terms.options {
        let sides = [comparison.new, comparison.old];
        let Some(options) = sides.iter().find_map(|side| carrier(side, name)) else {
            continue;
        };
        for (old, new) in comparison.declarations() {
            if new.options_type() == options {
                found.0.extend(compared(name, rule, old, new));
            }
        }
    }
}

/// The message of options that the option of this name is part of.
fn carrier(contract: &Contract, name: &str) -> Option<String> {
    if let Some(extension) = contract.pool().get_extension_by_name(name) {
        return Some(extension.containing_message().full_name().to_owned());
    }
    let (options, _) = name.rsplit_once('.')?;
    options
        .starts_with("google.protobuf.")
        .then(|| options.to_owned())
}

fn compared(name: &str, rule: &OptionRule, old: &Declaration, new: &Declaration) -> Option<Draft> {
    let values = (option(&old.options(), name), option(&new.options(), name));
    let (what, bump) = match values {
        (None, Some(_)) => ("was set", rule.added),
        (Some(_), None) => ("was removed", rule.removed),
        (Some(old), Some(new)) if !same(&old, &new) => ("has another value", rule.changed),
        _ => return None,
    };
    let message = format!("option `{name}` of {} {what}", old.title());
    let draft = Draft::new(&OPTION_CHANGED, new.owner(), old.subject(), message)
        .bump(bump)
        .old(old.options_site())
        .new_site(new.options_site());
    Some(draft.note("a rule of this contract's own: `options` in `released/history.toml`"))
}
