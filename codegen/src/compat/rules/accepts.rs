//! Which clients a service still serves: `accepts`, and where that is left out its version and `cross_major`; and those
//! that do not say their version, by `client_version`.

use prost_reflect::ServiceDescriptor;
use semver::Version;

use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts};
use crate::compat::effect::Effect::{Major, Minor, None as Not};
use crate::compat::policies::Policies;
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[
        &ACCEPTS_RAISED,
        &ACCEPTS_LOWERED,
        &CLIENT_VERSION_REQUIRED,
        &CLIENT_VERSION_OPTIONAL,
    ],
    pages: include_str!("accepts.md"),
    service,
    ..Family::EMPTY
};

static ACCEPTS_RAISED: Rule = Rule {
    id: "accepts-raised",
    title: "a service refuses clients that it served",
};
static ACCEPTS_LOWERED: Rule = Rule {
    id: "accepts-lowered",
    title: "a service serves clients that it refused",
};

static CLIENT_VERSION_REQUIRED: Rule = Rule {
    id: "client-version-required",
    title: "a service refuses clients that do not say their version",
};
static CLIENT_VERSION_OPTIONAL: Rule = Rule {
    id: "client-version-optional",
    title: "a service serves clients that do not say their version",
};

/// Where the option stands in a `ServiceDescriptorProto`.
const SERVICE: &[i32] = &[3, 527_949_689];

fn service(_: &Comparison<'_>, pair: Pair<'_, ServiceDescriptor>, found: &mut Drafts) {
    let policies = [pair.old, pair.new].map(Policies::of_service);
    accepts(&pair, &policies, found);
    client_version(&pair, &policies, found);
}

fn draft(rule: &'static Rule, pair: &Pair<'_, ServiceDescriptor>, message: String) -> Draft {
    Draft::new(rule, pair.new.owner(), pair.old.full_name(), message)
        .old(pair.old.site().part(SERVICE))
        .new_site(pair.new.site().part(SERVICE))
}

fn accepts(pair: &Pair<'_, ServiceDescriptor>, [old, new]: &[Policies; 2], found: &mut Drafts) {
    let says = |policies: &Policies| {
        let text = |name| policies.get(name).map(|setting| setting.text.clone());
        (text("accepts"), text("cross_major"))
    };
    // What moves with the version alone is the version's affair.
    if says(old) == says(new) {
        return;
    }
    let (before, after) = (oldest(old), oldest(new));
    if before == after {
        return;
    }
    let shown = |(major, minor): (u64, u64)| format!("{major}.{minor}");
    let message = format!(
        "service `{}` serves clients from {} on, and did from {} on",
        pair.new.name(),
        shown(after),
        shown(before)
    );
    found.add(match after > before {
        true => draft(&ACCEPTS_RAISED, pair, message)
            .effects(Not, Major, Major)
            .note("clients in between are refused, whatever they call")
            .instead("leave `accepts` as it is until no such client is seen any more"),
        false => draft(&ACCEPTS_LOWERED, pair, message)
            .effects(Not, Minor, Minor)
            .note("who was refused is served; nobody else notices"),
    });
}

fn client_version(
    pair: &Pair<'_, ServiceDescriptor>,
    policies: &[Policies; 2],
    found: &mut Drafts,
) {
    let is_required = policies.each_ref().map(|policies| {
        let said = policies.get("client_version");
        said.is_some_and(|setting| setting.text == "REQUIRED")
    });
    let name = pair.new.name();
    let change = match is_required {
        [false, true] => {
            let message = format!("service `{name}` refuses clients that do not say their version");
            draft(&CLIENT_VERSION_REQUIRED, pair, message)
                .effects(Not, Major, Major)
                .note("clients of other tools, which never said it, are refused whatever they call")
                .instead("leave `client_version` as it is until no such client is seen any more")
        }
        [true, false] => {
            let message = format!("service `{name}` serves clients that do not say their version");
            draft(&CLIENT_VERSION_OPTIONAL, pair, message)
                .effects(Not, Minor, Minor)
                .note("who was refused is served; nobody else notices")
        }
        _ => return,
    };
    found.add(change);
}

/// MAJOR and MINOR of the oldest client that is served, as far as the contract alone tells.
fn oldest(policies: &Policies) -> (u64, u64) {
    let text = |name| policies.get(name).map(|setting| setting.text.as_str());
    if let Some(accepts) = text("accepts").and_then(release) {
        return accepts;
    }
    if text("cross_major") == Some("WIRE") {
        return (0, 0);
    }
    let version = text("version").and_then(|text| Version::parse(text.trim_matches('"')).ok());
    match version {
        Some(version) if version.major == 0 => (0, version.minor),
        Some(version) => (version.major, 0),
        None => (0, 0),
    }
}

/// `"1.2"`; what is none counts as left out.
fn release(text: &str) -> Option<(u64, u64)> {
    let (major, minor) = text.trim_matches('"').split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
