//! Methods: added and removed, where their service is kept. A method of another name, or in another service, has
//! another path: it is another method.

use prost_reflect::MethodDescriptor;

use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, Fate, path};
use crate::compat::effect::Effect::{Major, Minor};
use crate::compat::rule::{Family, Rule};
use crate::compat::terms::Profile;

pub(super) const FAMILY: Family = Family {
    rules: &[&METHOD_ADDED, &METHOD_REMOVED],
    pages: include_str!("method.md"),
    contract,
    ..Family::EMPTY
};

static METHOD_ADDED: Rule = Rule {
    id: "method-added",
    title: "a method was added",
};
static METHOD_REMOVED: Rule = Rule {
    id: "method-removed",
    title: "a method was removed",
};

fn contract(comparison: &Comparison<'_>, found: &mut Drafts) {
    let (old, new) = (comparison.old.pool(), comparison.new.pool());
    for fate in &comparison.methods {
        match fate {
            Fate::Added(method) => {
                let service = method.parent_service();
                if old.get_service_by_name(service.full_name()).is_some() {
                    found.add(added(method, comparison.terms.profile));
                }
            }
            Fate::Removed(method) => {
                let service = method.parent_service();
                if new.get_service_by_name(service.full_name()).is_some() {
                    found.add(removed(method, comparison));
                }
            }
            Fate::Kept(..) => {}
        }
    }
}

fn added(new: &MethodDescriptor, profile: Profile) -> Draft {
    let message = format!("method `{}` was added", new.name());
    let (source, note) = match profile {
        Profile::MinorSafe => (
            Minor,
            "a client that calls it asks for a server of its own MINOR; older servers answer UNIMPLEMENTED",
        ),
        Profile::Exhaustive => (
            Major,
            "the generated trait has no default body for it, so servers no longer compile",
        ),
    };
    Draft::new(&METHOD_ADDED, new.owner(), path(new), message)
        .effects(source, Minor, Minor)
        .new_site(new.site())
        .note(note)
}

fn removed(old: &MethodDescriptor, comparison: &Comparison<'_>) -> Draft {
    let message = format!("method `{}` was removed", old.name());
    let draft = Draft::new(&METHOD_REMOVED, old.owner(), path(old), message)
        .effects(Major, Major, Major)
        .old(old.site());
    let note = "its name is in the path of a call, so old clients are answered UNIMPLEMENTED";
    match successor(old, comparison) {
        Some(new) => draft
            .note(format!("{note}; `{}` is another path", path(&new)))
            .instead(format!(
                "keep `{}` beside `{}`, and set `option deprecated = true`",
                old.name(),
                new.name()
            ))
            .new_site(new.site()),
        None => draft
            .note(note)
            .instead("keep the method and set `option deprecated = true`"),
    }
}

/// The method that took its place, if there is one that can be told: the same name elsewhere, or the only one that is
/// new here and takes and gives the same.
fn successor(old: &MethodDescriptor, comparison: &Comparison<'_>) -> Option<MethodDescriptor> {
    let added: Vec<_> = comparison
        .methods
        .iter()
        .filter_map(|fate| match fate {
            Fate::Added(new) if alike(old, new) => Some(new),
            _ => None,
        })
        .collect();
    let mut here = added
        .iter()
        .filter(|new| new.parent_service().full_name() == old.parent_service().full_name());
    let moved = added.iter().find(|new| new.name() == old.name());
    let found = match (moved, here.next(), here.next()) {
        (Some(moved), ..) => Some(moved),
        (None, Some(only), None) => Some(only),
        _ => None,
    };
    found.map(|new| (*new).clone())
}

fn alike(old: &MethodDescriptor, new: &MethodDescriptor) -> bool {
    old.input().full_name() == new.input().full_name()
        && old.output().full_name() == new.output().full_name()
}
