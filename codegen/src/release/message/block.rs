//! One thing that no version covers, in rustc's look: the new text, the old text, and what would be right.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet, Title,
};
use semver::Version;

use super::{remedy, words};
use crate::compat::{Bump, Change, Contract, Location, Scope};
use crate::release::check::Check;
use crate::release::verdict::{Answer, Declared, Demand, Fault, Judged, Standing};

/// So many services are named of those that one change concerns.
const SHOWN: usize = 4;

/// A change that no version covers.
pub(super) fn change(check: &Check, judged: &Judged) -> String {
    let change = &judged.change;
    let demands: &[Demand] = match &judged.answer {
        Answer::Uncovered(demands) => demands,
        _ => &[],
    };
    let title = match (&judged.answer, demands) {
        (_, [demand, ..]) => format!(
            "version {} does not cover this change: it needs {}",
            demand.declared, demand.needed
        ),
        (Answer::Orphaned(package), _) => format!(
            "no version can cover this change: package {package} has no released service left"
        ),
        _ => "no version covers this change".to_owned(),
    };
    let id = format!("api::{}", change.rule.id);
    let title = Level::ERROR.primary_title(title).id(id);
    let mut groups = vec![now(check, change, demands, title)];
    groups.extend(before(check, change, demands));
    groups.extend(remedy::instead(check, change, demands));
    let needed: Vec<_> = demands
        .iter()
        .filter_map(|demand| {
            let standing = check.verdict().standing(&demand.service);
            let needed = standing.and_then(|standing| standing.needed.clone());
            let declared = declared(check, &demand.service)?;
            Some((declared, needed.unwrap_or_else(|| demand.needed.clone())))
        })
        .collect();
    groups.extend(raise(check, &needed, change.instead.is_some()));
    let more = format!("`cargo couplet explain {}`", change.rule.id);
    let accept = format!(
        "`cargo couplet accept {} --reason \"...\"`",
        change.fingerprint
    );
    let title = match (change.bump, demands.is_empty() && change.instead.is_none()) {
        (Bump::Major, true) => format!("accept this one break: {accept} (more: {more})"),
        (Bump::Major, false) => format!("or accept this one break: {accept} (more: {more})"),
        _ => format!("more: {more}"),
    };
    groups.push(Group::with_title(Level::HELP.secondary_title(title)));
    Renderer::plain().render(&groups)
}

/// What is wrong with a version whatever changed, and the breaks that were declared by hand.
pub(super) fn faults(check: &Check, standing: &Standing) -> Vec<String> {
    let (Some(fault), Some(released)) = (&standing.fault, &standing.released) else {
        return Vec::new();
    };
    let service = &standing.service;
    let declared_version = standing.declared.clone().unwrap_or(Version::new(0, 0, 0));
    let titles: Vec<String> = match fault {
        Fault::NotReset(_) => Vec::new(),
        Fault::Backwards => vec![format!(
            "version {declared_version} is below {released}, which was released"
        )],
        Fault::Missing => vec![format!(
            "{service} declares no version, and was released as {released}"
        )],
        Fault::Short => standing
            .breaking
            .iter()
            .map(|(subject, reason)| {
                format!("version {declared_version} does not cover a break that was declared by hand: {subject}: {reason}")
            })
            .collect(),
    };
    let block = |title: String| {
        let declared = declared(check, service);
        let mut group = Group::with_title(Level::ERROR.primary_title(title));
        if let Some((file, range)) = declared.and_then(|declared| declared.at.clone()) {
            let label = match fault {
                Fault::Missing => "no `version` in its options",
                _ => "declared here",
            };
            let mark = AnnotationKind::Primary.span(range).label(label);
            group = group.element(snippet(check.current(), &file, vec![mark]));
        }
        let mut groups = vec![group];
        let needed = standing.needed.clone().unwrap_or_else(|| released.clone());
        match fault {
            Fault::Missing => groups.push(Group::with_title(Level::HELP.secondary_title(format!(
                "write `option (couplet.service) = {{ version: \"{needed}\" }};` in it"
            )))),
            _ => groups.extend(raise(
                check,
                &declared
                    .map(|it| (it, needed))
                    .into_iter()
                    .collect::<Vec<_>>(),
                false,
            )),
        }
        Renderer::plain().render(&groups)
    };
    titles.into_iter().map(block).collect()
}

/// The new text, with the version that does not cover it.
fn now<'a>(
    check: &'a Check,
    change: &'a Change,
    demands: &[Demand],
    title: Title<'a>,
) -> Group<'a> {
    let version = demands
        .first()
        .and_then(|demand| declared(check, &demand.service))
        .and_then(|declared| declared.at.clone());
    let released = demands
        .first()
        .and_then(|demand| check.verdict().standing(&demand.service)?.released.clone());
    let same = demands.first().map(|demand| &demand.declared) == released.as_ref();
    let declared_here = match same {
        true => "declared here, same as the last release".to_owned(),
        false => released.map_or_else(
            || "declared here".to_owned(),
            |released| format!("declared here; the last release is {released}"),
        ),
    };
    let what = match change.note.as_str() {
        "" => change.message.clone(),
        note => format!("{}: {note}", change.message),
    };
    let mut group = Group::with_title(title);
    let Some(new) = &change.new else {
        let mut marks = Vec::new();
        if let Some((file, range)) = version {
            marks.push(AnnotationKind::Primary.span(range).label(declared_here));
            group = group.element(snippet(check.current(), &file, marks));
        }
        group = group.element(Level::NOTE.message(what));
        return group.elements(
            others(change, demands)
                .into_iter()
                .map(|note| Level::NOTE.message(note)),
        );
    };
    let mut marks = vec![
        AnnotationKind::Primary
            .span(line(check.current(), new))
            .label(what),
    ];
    let mut elsewhere = None;
    if let Some((file, range)) = version {
        let mark = AnnotationKind::Context.span(range).label(declared_here);
        match file == new.file {
            true => marks.push(mark),
            false => elsewhere = Some((file, mark)),
        }
    }
    group = group.element(snippet(check.current(), &new.file, marks));
    if let Some((file, mark)) = elsewhere {
        group = group.element(snippet(check.current(), &file, vec![mark]));
    }
    let others = others(change, demands).into_iter();
    group = group.elements(others.map(|note| Level::NOTE.message(note)));
    match change.old {
        Some(_) => group,
        None => group.element(Level::NOTE.message(effects(check, change))),
    }
}

/// Whose versions have to cover it, too; or could as well.
fn others(change: &Change, demands: &[Demand]) -> Vec<String> {
    if let (Scope::Package(package), false) = (&change.scope, demands.is_empty()) {
        return vec![format!(
            "no service reaches it, so the version of any service of {package} can cover it"
        )];
    }
    let others = demands.iter().take(SHOWN).skip(1);
    let mut notes: Vec<_> = others
        .map(|other| {
            format!(
                "{} {} does not cover it either: it needs {}",
                other.service, other.declared, other.needed
            )
        })
        .collect();
    let more = demands.len().saturating_sub(SHOWN);
    if more > 0 {
        notes.push(format!("nor do the versions of {more} more services"));
    }
    notes
}

/// The old text, and who notices.
fn before<'a>(check: &'a Check, change: &'a Change, demands: &[Demand]) -> Option<Group<'a>> {
    let old = change.old.as_ref()?;
    let contract = check.old()?;
    let demand = demands.first();
    let standing = demand.and_then(|demand| check.verdict().standing(&demand.service));
    let released = standing.and_then(|standing| standing.released.as_ref());
    let title = match released {
        Some(version) => format!("{} as released in {version}", change.subject),
        None => format!("{} as it was released", change.subject),
    };
    let mark = AnnotationKind::Context
        .span(line(contract, old))
        .label("was");
    let group = Group::with_title(Level::NOTE.secondary_title(title));
    let group = group.element(snippet(contract, &old.file, vec![mark]));
    Some(group.element(Level::NOTE.message(effects(check, change))))
}

fn effects(check: &Check, change: &Change) -> String {
    let json = check.history().is_none_or(|history| history.settings.json);
    words::effects(change, json)
}

/// The exact version to write.
fn raise<'a>(
    check: &'a Check,
    needed: &[(&'a Declared, Version)],
    is_second: bool,
) -> Vec<Group<'a>> {
    let group = |(index, (declared, version)): (usize, &(&'a Declared, Version))| {
        let verb = match (index, is_second) {
            (0, true) => "or declare",
            (0, false) => "declare",
            _ => "and",
        };
        let title = match needed.len() {
            1 => format!("{verb} {version}"),
            _ => format!("{verb} {version} for {}", declared.service),
        };
        let group = Group::with_title(Level::HELP.secondary_title(title));
        match &declared.at {
            Some((file, range)) => {
                let patch = Patch::new(range.clone(), format!("\"{version}\""));
                let (path, text) = check.current().text(file);
                let text = text.unwrap_or_default().to_string();
                group.element(Snippet::source(text).path(path).patch(patch))
            }
            None => group,
        }
    };
    needed.iter().take(SHOWN).enumerate().map(group).collect()
}

fn declared<'a>(check: &'a Check, service: &str) -> Option<&'a Declared> {
    let mut declared = check.declared().iter();
    declared.find(|declared| declared.service == service)
}

fn snippet<'a>(
    contract: &Contract,
    file: &str,
    marks: Vec<Annotation<'a>>,
) -> Snippet<'a, Annotation<'a>> {
    let (path, text) = contract.text(file);
    let text = text.unwrap_or_default().to_string();
    Snippet::source(text).path(path).annotations(marks)
}

/// The first line of a place: a whole message would be too much to show.
fn line(contract: &Contract, location: &Location) -> Range<usize> {
    let (_, text) = contract.text(&location.file);
    let text = text.unwrap_or_default();
    let start = location.range.start;
    let all = text.get(location.range.clone()).unwrap_or_default();
    let first = all.lines().next().unwrap_or_default().trim_end();
    start..start + first.len()
}
