//! `google.api.field_behavior`: what a server does with a field, as AIP-203 says which moves of it are compatible.

use std::collections::BTreeSet;

use prost_reflect::{FieldDescriptor, MessageDescriptor, Value};

use super::fields;
use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, Fate};
use crate::compat::contract::Contract;
use crate::compat::effect::Bump;
use crate::compat::effect::Effect::{Cond, Major, Minor, None as Not};
use crate::compat::options::option;
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&BEHAVIOR_TIGHTENED, &BEHAVIOR_LOOSENED, &BEHAVIOR_CHANGED],
    pages: include_str!("behavior.md"),
    message,
    ..Family::EMPTY
};

static BEHAVIOR_TIGHTENED: Rule = Rule {
    id: "field-behavior-tightened",
    title: "a server does less with a field than it did, or asks for it",
};
static BEHAVIOR_LOOSENED: Rule = Rule {
    id: "field-behavior-loosened",
    title: "a server does more with a field than it did, or no longer asks for it",
};
static BEHAVIOR_CHANGED: Rule = Rule {
    id: "field-behavior-changed",
    title: "a server says something else about a field that nobody depends on",
};

const OPTION: &str = "google.api.field_behavior";
/// Where it stands in a `FieldDescriptorProto`.
const SITE: &[i32] = &[8, 1052];

/// The numbers of `google.api.FieldBehavior` that are asked about.
const REQUIRED: i32 = 2;
const OUTPUT_ONLY: i32 = 3;
const INPUT_ONLY: i32 = 4;
const IMMUTABLE: i32 = 5;

fn message(comparison: &Comparison<'_>, pair: Pair<'_, MessageDescriptor>, found: &mut Drafts) {
    // What the team says of the option goes before what AIP-203 says.
    if comparison.terms.options.contains_key(OPTION) {
        return;
    }
    let is_sent = comparison.reach.may_be_asked(pair.old.full_name());
    for fate in fields(&pair) {
        match fate {
            Fate::Kept(old, new) => {
                let (before, after) = (behaviors(&old), behaviors(&new));
                for behavior in before.symmetric_difference(&after) {
                    let draft = match after.contains(behavior) {
                        true => gained(comparison, *behavior, &old, is_sent),
                        false => lost(comparison, *behavior, &old),
                    };
                    let draft = draft.old(old.site().part(SITE));
                    found.add(draft.new_site(new.site().part(SITE)));
                }
            }
            Fate::Added(new) if is_sent && behaviors(&new).contains(&REQUIRED) => {
                let draft = gained(comparison, REQUIRED, &new, is_sent);
                found.add(draft.new_site(new.site().part(SITE)));
            }
            Fate::Added(_) | Fate::Removed(_) => {}
        }
    }
}

fn behaviors(field: &FieldDescriptor) -> BTreeSet<i32> {
    if field.field_descriptor_proto().options.is_none() {
        return BTreeSet::new();
    }
    let value = option(&field.options(), OPTION);
    let values = value.as_ref().and_then(Value::as_list).unwrap_or_default();
    values.iter().filter_map(Value::as_enum_number).collect()
}

fn draft(rule: &'static Rule, field: &FieldDescriptor, what: &str) -> Draft {
    let message = format!("field `{}` {what}", field.name());
    Draft::new(rule, field.owner(), field.full_name(), message)
}

fn gained(
    comparison: &Comparison<'_>,
    behavior: i32,
    field: &FieldDescriptor,
    is_sent: bool,
) -> Draft {
    let tightened = |what| draft(&BEHAVIOR_TIGHTENED, field, what);
    match behavior {
        REQUIRED if is_sent => tightened("is required, and was not")
            .effects(Not, Major, Major)
            .note("requests of old clients without it are refused")
            .instead("leave it optional, and have a default for requests without it"),
        OUTPUT_ONLY => tightened("is ignored in requests, and was not")
            .effects(Not, Cond, Cond)
            .note("what old clients send in it is lost")
            .instead("add a field beside it that is only given out"),
        INPUT_ONLY => tightened("is not in responses any more")
            .effects(Not, Cond, Cond)
            .note("old clients find nothing in it")
            .instead("add a field beside it that is only taken in"),
        IMMUTABLE => tightened("cannot be changed any more")
            .effects(Not, Major, Major)
            .note("requests of old clients that change it are refused"),
        _ => draft(
            &BEHAVIOR_CHANGED,
            field,
            &format!("is {}, and was not", name(comparison.new, behavior)),
        )
        .bump(Bump::Patch)
        .note("nobody depends on it"),
    }
}

fn lost(comparison: &Comparison<'_>, behavior: i32, field: &FieldDescriptor) -> Draft {
    let loosened = |what| {
        draft(&BEHAVIOR_LOOSENED, field, what)
            .effects(Not, Minor, Minor)
            .note("a new client that counts on it asks for a server of its own MINOR")
    };
    match behavior {
        REQUIRED => loosened("is no longer required"),
        INPUT_ONLY => loosened("is in responses, too"),
        IMMUTABLE => loosened("can be changed"),
        OUTPUT_ONLY => draft(
            &BEHAVIOR_TIGHTENED,
            field,
            "is read from requests, and was ignored",
        )
        .effects(Not, Cond, Cond)
        .note("what old clients send back without a thought has an effect now")
        .instead("add a field beside it that is taken in"),
        _ => draft(
            &BEHAVIOR_CHANGED,
            field,
            &format!("is no longer {}", name(comparison.old, behavior)),
        )
        .bump(Bump::Patch)
        .note("nobody depends on it"),
    }
}

/// As the side that says it calls it.
fn name(contract: &Contract, behavior: i32) -> String {
    let known = contract.pool().get_enum_by_name("google.api.FieldBehavior");
    let value = known.and_then(|known| known.get_value(behavior));
    value.map_or_else(|| behavior.to_string(), |value| value.name().to_owned())
}
