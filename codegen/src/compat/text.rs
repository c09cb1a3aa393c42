//! The text of one file of a contract, and where in it each declaration stands.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use prost_reflect::prost_types::source_code_info::Location as Span;

use super::change::{Location, Site};
use crate::proto::{Columns, Lines};

/// What is looked up for each of many changes, and therefore made once.
#[derive(Debug)]
pub(super) struct Text {
    text: Rc<str>,
    lines: Lines,
    columns: Columns,
    /// The compiler's spans, by the path of the descriptor's numbers.
    spans: HashMap<Vec<i32>, Vec<i32>>,
    /// The first statement: there the file as a whole is shown.
    start: Range<usize>,
}

impl Text {
    pub(super) fn new(text: Rc<str>, spans: &[Span], columns: Columns) -> Self {
        let lines = Lines::of(&text);
        let stated = spans.iter().filter(|span| !span.path.is_empty());
        let first = stated.min_by_key(|span| (span.span.first(), span.span.get(1)));
        let start = first
            .and_then(|first| lines.range(&text, &first.span, columns))
            .unwrap_or(0..0);
        let spans = spans.iter().filter(|span| !span.path.is_empty());
        Self {
            spans: spans
                .map(|span| (span.path.clone(), span.span.clone()))
                .collect(),
            text,
            lines,
            columns,
            start,
        }
    }

    /// Where a declaration of this file, or the nearest part around it, stands.
    pub(super) fn locate(&self, site: &Site) -> Location {
        let mut path = site.path.as_slice();
        let span = loop {
            match (self.spans.get(path), path) {
                (Some(span), _) => break Some(span),
                (None, []) => break None,
                (None, [outer @ .., _]) => path = outer,
            }
        };
        let range = span
            .and_then(|span| self.lines.range(&self.text, span, self.columns))
            .unwrap_or_else(|| self.start.clone());
        let (line, column) = self.lines.position(range.start);
        Location {
            file: site.file.clone(),
            line: line + 1,
            column: column + 1,
            range,
        }
    }
}
