//! Ranges of numbers, as they are reserved or left to extensions.

use std::ops::Range;

/// One more than the greatest number of a field.
const FIELDS: i64 = 1 << 29;
/// One more than the greatest number of an enum's value.
const VALUES: i64 = 1 << 31;

/// What of a range is in none of the others.
pub(super) fn without(range: &Range<i64>, others: &[Range<i64>]) -> Vec<Range<i64>> {
    let mut left = vec![range.clone()];
    for other in others {
        left = left
            .into_iter()
            .flat_map(|part| {
                [
                    part.start..part.end.min(other.start),
                    part.start.max(other.end)..part.end,
                ]
            })
            .filter(|part| !part.is_empty())
            .collect();
    }
    left
}

/// As it is written, with the word for one number or for several.
pub(super) fn shown(range: &Range<i64>) -> String {
    let Range { start, end } = range;
    match end - start {
        1 => format!("number {start}"),
        _ if [FIELDS, VALUES].contains(end) => format!("numbers {start} to max"),
        _ => format!("numbers {start} to {}", end - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{shown, without};

    #[test]
    fn what_is_left_of_a_range_is_what_the_others_do_not_hold() {
        assert_eq!(without(&(5..11), &[7..8, 9..20]), [5..7, 8..9]);
        assert_eq!(without(&(5..11), &[1..6, 6..30]), []);
        assert_eq!(without(&(5..11), &[11..12, 1..5]), vec![5..11; 1]);
    }

    #[test]
    fn a_range_is_shown_as_it_is_written() {
        assert_eq!(shown(&(2..3)), "number 2");
        assert_eq!(shown(&(5..11)), "numbers 5 to 10");
        assert_eq!(shown(&(5..1 << 29)), "numbers 5 to max");
    }
}
