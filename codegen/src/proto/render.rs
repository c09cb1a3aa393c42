//! Findings as people read them: file, line, column, the line itself, and what would be right.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::Front;
use super::places::{At, Spot};
use crate::finding::{Finding, Severity};

/// One finding as text of several lines, without colour: cargo shows it in a log as often as on a screen.
pub(super) fn finding(front: &Front, finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&finding.title));
    let spots = finding.related.iter().filter_map(|(place, label)| {
        Some((
            front.places.spot(*place)?,
            Some(label.as_str()),
            AnnotationKind::Context,
        ))
    });
    if let Some(own) = front.places.spot(finding.place) {
        let first = (own, finding.label.as_deref(), AnnotationKind::Primary);
        let all: Vec<_> = std::iter::once(first).chain(spots).collect();
        group = located(front, group, &all);
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help));
    }
    Renderer::plain().render(&[group])
}

type Mark<'a> = (&'a Spot, Option<&'a str>, AnnotationKind);

/// Adds each file once, with all that is to be seen in it.
fn located<'a>(front: &Front, mut group: Group<'a>, marks: &[Mark<'a>]) -> Group<'a> {
    let mut files: Vec<&str> = Vec::new();
    for (spot, _, _) in marks {
        if !files.contains(&spot.file.as_str()) {
            files.push(&spot.file);
        }
    }
    for file in files {
        let (path, text) = front.sources.shown(file);
        let within = marks.iter().filter(|(spot, _, _)| spot.file == file);
        let annotations = within.clone().filter_map(|(spot, label, kind)| {
            let At::Bytes(range) = &spot.at else {
                return None;
            };
            Some(kind.span(range.clone()).label(label.map(str::to_owned)))
        });
        let annotations: Vec<_> = annotations.collect();
        group = match text {
            Some(text) if !annotations.is_empty() => {
                let snippet = Snippet::source(text.to_string()).path(path);
                group.element(snippet.annotations(annotations))
            }
            _ => group.element(origin(path, within.map(|(spot, _, _)| &spot.at))),
        };
    }
    group
}

/// The file, and the first line that is known of it.
fn origin<'a, 'b>(path: String, mut spots: impl Iterator<Item = &'b At>) -> Origin<'a> {
    let origin = Origin::path(path);
    match spots.next() {
        Some(At::Line(line, column)) => origin.line(line + 1).char_column(column + 1),
        _ => origin,
    }
}
