//! Services: added and removed. What is in one that is kept has its own families.

use prost_reflect::ServiceDescriptor;

use crate::compat::change::{Draft, Owner};
use crate::compat::compare::{Comparison, Declared, Drafts, Fate};
use crate::compat::effect::Effect::{Major, Minor, None as Not};
use crate::compat::rule::{Family, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&SERVICE_ADDED, &SERVICE_REMOVED],
    pages: include_str!("service.md"),
    contract,
    ..Family::EMPTY
};

static SERVICE_ADDED: Rule = Rule {
    id: "service-added",
    title: "a service was added",
};
static SERVICE_REMOVED: Rule = Rule {
    id: "service-removed",
    title: "a service was removed",
};

fn contract(comparison: &Comparison<'_>, found: &mut Drafts) {
    for fate in &comparison.services {
        match fate {
            Fate::Added(new) => found.add(added(new)),
            Fate::Removed(old) => found.add(removed(old)),
            Fate::Kept(..) => {}
        }
    }
}

/// It has no version of its own yet, so its package's is asked.
fn added(new: &ServiceDescriptor) -> Draft {
    let owner = Owner::Package(new.package_name().to_owned());
    let message = format!("service `{}` was added", new.name());
    Draft::new(&SERVICE_ADDED, owner, new.full_name(), message)
        .effects(Minor, Not, Not)
        .new_site(new.site())
        .note("nobody calls it yet")
}

fn removed(old: &ServiceDescriptor) -> Draft {
    let message = format!("service `{}` was removed", old.name());
    Draft::new(&SERVICE_REMOVED, old.owner(), old.full_name(), message)
        .effects(Major, Major, Major)
        .old(old.site())
        .note("its name is in the path of every call, so old clients are answered UNIMPLEMENTED")
        .instead("keep the service and set `option deprecated = true`")
}
