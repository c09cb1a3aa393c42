//! Couplet's own policies: what holds for each method, told where it is said.

use std::collections::BTreeSet;

use prost_reflect::{MethodDescriptor, ServiceDescriptor};

use crate::check::duration;
use crate::compat::change::{Draft, Site};
use crate::compat::compare::{Comparison, Declared, Drafts, Fate, pair_up, path};
use crate::compat::effect::Bump;
use crate::compat::policies::{Difference, Policies, is_in};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&TIMEOUT_LOWERED, &TIMEOUT_RAISED, &POLICY_CHANGED],
    pages: include_str!("policy.md"),
    service,
    ..Family::EMPTY
};

static TIMEOUT_LOWERED: Rule = Rule {
    id: "timeout-lowered",
    title: "a method's timeout was set or lowered",
};
static TIMEOUT_RAISED: Rule = Rule {
    id: "timeout-raised",
    title: "a method's timeout was raised or removed",
};
static POLICY_CHANGED: Rule = Rule {
    id: "policy-changed",
    title: "a policy was set, changed or removed",
};

/// Where the options stand in a `ServiceDescriptorProto` and in a `MethodDescriptorProto`.
const SERVICE: &[i32] = &[3, 527_949_689];
const METHOD: &[i32] = &[4, 127_331_645];

/// Which clients are served has rules of its own, and the version is no change.
const SERVED: [&str; 4] = ["version", "accepts", "cross_major", "client_version"];

/// Where a policy is said, before and after.
struct Said<'a> {
    service: &'a ServiceDescriptor,
    subject: String,
    /// "of method `Get`", or "by default".
    of: String,
    sites: [Site; 2],
}

fn service(_: &Comparison<'_>, pair: Pair<'_, ServiceDescriptor>, found: &mut Drafts) {
    let (old, new) = (
        Policies::of_service(pair.old),
        Policies::of_service(pair.new),
    );
    let said = Said {
        service: pair.new,
        subject: pair.new.full_name().to_owned(),
        of: format!("of service `{}`", pair.new.name()),
        sites: [pair.old, pair.new].map(|service| service.site().part(SERVICE)),
    };
    let defaults = [old.defaults(), new.defaults()];
    let rest = (old.without_defaults(), new.without_defaults());
    for difference in rest.0.differences(&rest.1) {
        if !SERVED.contains(&difference.name) {
            found.add(said.draft(difference));
        }
    }
    let said = Said {
        of: "by default".to_owned(),
        ..said
    };
    // A default that changed for many methods is one change.
    let mut told = BTreeSet::new();
    let (old, new) = (pair.old.methods(), pair.new.methods());
    for fate in pair_up(old, new, |method| method.name().to_owned()) {
        let Fate::Kept(old, new) = fate else { continue };
        for draft in of_method(&said, [&old, &new], &defaults) {
            if draft.subject != said.subject || told.insert(draft.message.clone()) {
                found.add(draft);
            }
        }
    }
}

fn of_method(
    defaults: &Said<'_>,
    methods: [&MethodDescriptor; 2],
    default: &[Policies; 2],
) -> Vec<Draft> {
    let own = methods.map(Policies::of_method);
    let [old, new] = [0, 1].map(|side| own[side].effective(&default[side], methods[side]));
    let said = Said {
        service: defaults.service,
        subject: path(methods[1]),
        of: format!("of method `{}`", methods[1].name()),
        sites: methods.map(|method| method.site().part(METHOD)),
    };
    let differences = old.differences(&new).into_iter();
    let drafts = differences.map(|difference| {
        let is_own = |own: &Policies| own.0.keys().any(|name| is_in(name, difference.name));
        match own.iter().any(is_own) {
            true => said.draft(difference),
            false => defaults.draft(difference),
        }
    });
    drafts.collect()
}

impl Said<'_> {
    fn draft(&self, difference: Difference<'_>) -> Draft {
        let Difference {
            name,
            before,
            after,
        } = difference;
        let (rule, bump, note) = match (name, longer(difference)) {
            ("timeout", Some(false)) => (
                &TIMEOUT_LOWERED,
                Bump::Minor,
                "advice to new clients: a server holds them to what they ask for, and old ones ask for what they knew",
            ),
            ("timeout", Some(true)) => (
                &TIMEOUT_RAISED,
                Bump::Patch,
                "advice to new clients: they wait for longer",
            ),
            _ => (
                &POLICY_CHANGED,
                Bump::Patch,
                "advice to new clients: messages and paths are as they were",
            ),
        };
        let what = match (before, after) {
            (Some(before), Some(after)) => format!("is {}, and was {}", after.text, before.text),
            (None, Some(after)) => format!("is {}, and was not set", after.text),
            (Some(before), None) => format!("is no longer set, and was {}", before.text),
            (None, None) => "is as it was".to_owned(),
        };
        let message = format!("`{name}` {} {what}", self.of);
        let [old, new] = self.sites.clone();
        Draft::new(rule, self.service.owner(), &self.subject, message)
            .bump(bump)
            .note(note)
            .old(old)
            .new_site(new)
    }
}

/// Whether a duration has become longer; without one there is no end.
fn longer(difference: Difference<'_>) -> Option<bool> {
    let spans = [difference.before, difference.after]
        .map(|setting| setting.map(|setting| duration::parse(setting.text.trim_matches('"'))));
    match spans {
        [None, Some(Ok(_))] => Some(false),
        [Some(Ok(_)), None] => Some(true),
        [Some(Ok(before)), Some(Ok(after))] => Some(after > before),
        _ => None,
    }
}
