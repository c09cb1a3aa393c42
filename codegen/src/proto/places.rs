//! Where in `.proto` files the places of a contract are.

use std::collections::HashMap;
use std::ops::Range;

use crate::finding::Place;

/// Somewhere in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Spot {
    /// The name by which the file is imported.
    pub(super) file: String,
    /// Where in it.
    pub(super) at: At,
}

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum At {
    /// The file as a whole.
    File,
    /// From where to where, in bytes.
    Bytes(Range<usize>),
    /// Line and column, from zero, in a file whose text only a compiler has seen.
    Line(usize, usize),
}

/// The places that were given out, and the spot of each.
#[derive(Debug, Default)]
pub(super) struct Places {
    spots: Vec<Spot>,
    known: HashMap<Spot, Place>,
}

impl Places {
    /// The place of a spot, the same one every time.
    pub(super) fn of(&mut self, file: &str, at: At) -> Place {
        let file = file.to_owned();
        let spot = Spot { file, at };
        if let Some(place) = self.known.get(&spot) {
            return *place;
        }
        let next = u32::try_from(self.spots.len()).unwrap_or(u32::MAX);
        self.spots.push(spot.clone());
        self.known.insert(spot, Place(next));
        Place(next)
    }

    /// The spot of a place that was given out here.
    pub(super) fn spot(&self, place: Place) -> Option<&Spot> {
        self.spots.get(usize::try_from(place.0).ok()?)
    }
}

impl At {
    /// A compiler's `span`, in bytes where the text is known.
    pub(super) fn span(text: Option<&str>, span: &[i32], columns: Columns) -> Self {
        let number = |index: usize| usize::try_from(*span.get(index)?).ok();
        match text {
            Some(text) => range(text, span, columns).map_or(Self::File, Self::Bytes),
            None => match (number(0), number(1)) {
                (Some(line), Some(column)) => Self::Line(line, column),
                _ => Self::File,
            },
        }
    }
}

/// How a compiler counts the columns of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// In bytes, as protox does.
    Bytes,
    /// In bytes, a tab reaching to the next multiple of eight, as protoc does.
    Tabbed,
}

/// Where the lines of a text begin: found once, so that each of many places costs no walk from its start.
#[derive(Debug, Default)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    /// The lines of `text`, which is the text that the other functions are to be given.
    pub(crate) fn of(text: &str) -> Self {
        let ends = text.match_indices('\n');
        Self(
            [0].into_iter()
                .chain(ends.map(|(end, _)| end + 1))
                .collect(),
        )
    }

    /// The bytes of a compiler's `span`: line, column, (end line,) end column, all from zero.
    pub(crate) fn range(&self, text: &str, span: &[i32], columns: Columns) -> Option<Range<usize>> {
        let number = |index: usize| usize::try_from(*span.get(index)?).ok();
        let (line, column) = (number(0)?, number(1)?);
        let (end_line, end_column) = match span.len() {
            3 => (line, number(2)?),
            _ => (number(2)?, number(3)?),
        };
        let start = self.offset(text, line, column, columns)?;
        let end = self.offset(text, end_line, end_column, columns)?;
        (start <= end).then_some(start..end)
    }

    /// The byte at a line and column, both from zero.
    pub(crate) fn offset(
        &self,
        text: &str,
        line: usize,
        column: usize,
        columns: Columns,
    ) -> Option<usize> {
        let start = *self.0.get(line)?;
        let rest = text.get(start..)?;
        let rest = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let offset = start + columns.bytes(rest, column).min(rest.len());
        text.is_char_boundary(offset).then_some(offset)
    }

    /// The line and the column in bytes of a byte, both from zero.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.0.partition_point(|start| *start <= offset);
        let line = line.saturating_sub(1);
        (line, offset - self.0.get(line).copied().unwrap_or_default())
    }
}

/// The bytes of one span, see [`Lines::range`].
pub(super) fn range(text: &str, span: &[i32], columns: Columns) -> Option<Range<usize>> {
    Lines::of(text).range(text, span, columns)
}

/// The byte of one place, see [`Lines::offset`].
pub(super) fn offset(text: &str, line: usize, column: usize, columns: Columns) -> Option<usize> {
    Lines::of(text).offset(text, line, column, columns)
}

impl Columns {
    /// How many bytes of `line` stand before `column`.
    fn bytes(self, line: &str, column: usize) -> usize {
        match self {
            Self::Bytes => column,
            Self::Tabbed => {
                let mut reached = 0;
                let passed = line.bytes().take_while(|byte| {
                    let before = reached;
                    reached = match byte {
                        b'\t' => (reached / 8 + 1) * 8,
                        _ => reached + 1,
                    };
                    before < column
                });
                passed.count()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, Lines, range};

    #[test]
    fn a_span_is_a_range_of_bytes() {
        let text = "one\n\ttwo three\nfour";
        let found = |span: &[i32], columns| range(text, span, columns).map(|range| &text[range]);
        assert_eq!(found(&[0, 0, 3], Columns::Bytes), Some("one"));
        assert_eq!(found(&[1, 1, 4], Columns::Bytes), Some("two"));
        assert_eq!(found(&[1, 8, 11], Columns::Tabbed), Some("two"));
        assert_eq!(found(&[1, 5, 2, 4], Columns::Bytes), Some("three\nfour"));
        assert_eq!(found(&[9, 0, 1], Columns::Bytes), None);
    }

    #[test]
    fn a_byte_is_in_the_line_that_began_last() {
        let lines = Lines::of("one\n\ntwo\n");
        let found = [0, 3, 4, 5, 7, 9].map(|offset| lines.position(offset));
        assert_eq!(found, [(0, 0), (0, 3), (1, 0), (2, 0), (2, 2), (3, 0)]);
        assert_eq!(Lines::of("").position(0), (0, 0));
    }
}
