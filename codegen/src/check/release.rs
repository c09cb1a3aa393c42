//! What a contract says of its version, and what follows from the releases before it.

use semver::Version;

use crate::derived::Derived;
use crate::draft::{self, Written};
use crate::finding::{Finding, Findings};
use crate::ir;

/// The longest version, in bytes. Peers read no more than 128, and prereleases get nine more.
const LONGEST: usize = 100;

/// The declared version, or 0.0.0; `None` where it cannot be read.
pub(super) fn version(draft: &draft::Service, findings: &mut Findings) -> Option<Version> {
    let Some(written) = &draft.version else {
        let title = format!(
            "service `{}` has no version and counts as 0.0.0",
            draft.name.value
        );
        let finding = Finding::warning(draft.name.place, title);
        findings
            .add(finding.help("declare one: option (couplet.service) = { version: \"1.0.0\" };"));
        return Some(Version::new(0, 0, 0));
    };
    let version = Version::parse(&written.value).ok();
    if version.is_some() && written.value.len() > LONGEST {
        let title = format!("the version has {} characters", written.value.len());
        let finding = Finding::error(written.place, title);
        findings.add(finding.help(format!("it is sent with every call: at most {LONGEST}")));
    }
    if version.is_none() {
        let title = format!("version `{}` is not MAJOR.MINOR.PATCH", written.value);
        let finding = Finding::error(written.place, title);
        findings.add(finding.help(format!("write \"{}\"", nearest_version(&written.value))));
    }
    version
}

/// The version that was probably meant: `1.4` is `1.4.0`, `v1.4.2` is `1.4.2`.
fn nearest_version(text: &str) -> Version {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let mut numbers = text.split('.').map_while(|part| part.trim().parse().ok());
    let mut next = || numbers.next().unwrap_or(0);
    match (next(), next(), next()) {
        (0, 0, 0) => Version::new(1, 0, 0),
        (major, minor, patch) => Version::new(major, minor, patch),
    }
}

/// The least client, which can be no newer than the service itself.
pub(super) fn accepts(
    draft: &draft::Service,
    version: Option<&Version>,
    findings: &mut Findings,
) -> Option<String> {
    let Written { value, place } = draft.accepts.as_ref()?;
    let least = Version::parse(&format!("{value}.0")).ok();
    let least = least.filter(|least| least.pre.is_empty() && least.build.is_empty());
    let Some(least) = least else {
        let title = format!("`accepts` of `{value}` is not MAJOR.MINOR");
        let example = version.map_or((1, 2), |version| (version.major, version.minor));
        let help = format!(
            "write the oldest client that is still served, such as \"{}.{}\"",
            example.0, example.1
        );
        findings.add(Finding::error(*place, title).help(help));
        return None;
    };
    if let Some(version) = version
        && (least.major, least.minor) > (version.major, version.minor)
    {
        let title = format!("`accepts` of `{value}` is newer than the service, which is {version}");
        let help = format!(
            "clients of {version} itself would be refused; write at most \"{}.{}\"",
            version.major, version.minor
        );
        findings.add(Finding::error(*place, title).help(help));
    }
    if let Some(since) = broken_in(&draft.derived)
        && (least.major, least.minor) < (since.major, since.minor)
    {
        let title = format!("`accepts` of `{value}` is below {since}, which broke what is sent");
        let finding = Finding::error(*place, title).label("older clients would be misread");
        findings.add(finding.help(format!(
            "write \"{}.{}\", or leave `accepts` out; where only JSON broke and nobody is served any, set `json = false` \
             in [settings] of the history before the release",
            since.major, since.minor
        )));
    }
    Some(value.clone())
}

/// The last release that broke the wire. What the first one that is known did, nobody knows.
fn broken_in(derived: &Derived) -> Option<&Version> {
    let since = derived.wire_since.as_ref()?;
    let first = derived.first.as_ref()?;
    (first < since).then_some(since)
}

/// How far back the oldest client may be; `accepts` says it already where it is set.
pub(super) fn cross_major(draft: &draft::Service, findings: &mut Findings) -> ir::CrossMajor {
    let Some(Written { value, place }) = draft.cross_major else {
        return ir::CrossMajor::default();
    };
    if let (ir::CrossMajor::Wire, Some(accepts)) = (value, &draft.accepts) {
        let title = "`cross_major` says nothing beside `accepts`";
        let finding = Finding::warning(place, title)
            .related(accepts.place, "the oldest client is named here");
        findings.add(finding.help("remove `accepts`, and it follows from the releases"));
    }
    value
}

/// What becomes of callers that do not say their version.
pub(super) fn client_version(draft: &draft::Service) -> ir::ClientVersion {
    let written = draft.client_version.as_ref();
    written.map_or_else(Default::default, |written| written.value)
}

/// What a client asks for call by call; without releases nobody knows what is new.
pub(super) fn ages(
    draft: &draft::Service,
    version: Option<&Version>,
    findings: &mut Findings,
) -> Option<ir::Ages> {
    let written = draft.client_min.as_ref()?;
    if written.value == ir::ClientMin::Release {
        return None;
    }
    if draft.derived.wire_since.is_none() {
        let title = "`client_min: PER_CALL` without a release to go by";
        let finding = Finding::warning(written.place, title);
        findings.add(
            finding
                .label("clients ask for their own MINOR until then")
                .help("make the first one: cargo couplet release"),
        );
        return None;
    }
    // What is not released yet may have anything new in it.
    (version == draft.derived.released.as_ref()).then(|| draft.ages.clone())
}

/// How far back the wire reaches. A line that is not released yet may have broken it; one that was not broken since the
/// first release that is known was, by its numbers, not broken before.
pub(super) fn wire_since(derived: &Derived, declared: &Version) -> Option<Version> {
    let line = |version: &Version| match version.major {
        0 => (0, version.minor),
        major => (major, 0),
    };
    let released = derived.released.as_ref()?;
    if line(released) != line(declared) {
        return None;
    }
    let since = derived.wire_since.clone()?;
    let unbroken = derived.first.as_ref().is_some_and(|first| since <= *first);
    Some(match unbroken && line(&since) == line(declared) {
        true => Version::new(line(&since).0, line(&since).1, 0),
        false => since,
    })
}
