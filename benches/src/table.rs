//! Tables of figures, as Markdown, so that a README shows them as they were printed.

use std::fmt;

use crate::measured::Figures;

/// A table whose rows have names.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![
                headings
                    .iter()
                    .map(|heading| (*heading).to_owned())
                    .collect(),
            ],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let length = |row: &Vec<String>, column: usize| {
            row.get(column).map_or(0, |cell| cell.chars().count())
        };
        let widths: Vec<_> = (0..columns)
            .map(|column| {
                self.rows
                    .iter()
                    .map(|row| length(row, column))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for (index, row) in self.rows.iter().enumerate() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(formatter, "| {cell:<width$} |")?,
                    _ => write!(formatter, " {cell:>width$} |")?,
                }
            }
            writeln!(formatter)?;
            if index == 0 {
                let rules = widths
                    .iter()
                    .enumerate()
                    .map(|(column, width)| match column {
                        0 => format!("| {} |", "-".repeat(*width)),
                        _ => format!(" {}: |", "-".repeat(width.saturating_sub(1))),
                    });
                writeln!(formatter, "{}", rules.collect::<String>())?;
            }
        }
        Ok(())
    }
}

/// The median of the figure `name` in `rounds`.
pub fn median(rounds: &[Figures], name: &str) -> f64 {
    middle(rounds.iter().map(|round| round[name]).collect())
}

/// The median, over pairs of rounds, of what the figure `name` of one is to that of the other.
pub fn ratio(rounds: &[Figures], to: &[Figures], name: &str) -> f64 {
    middle(
        rounds
            .iter()
            .zip(to)
            .map(|(round, other)| round[name] / other[name])
            .collect(),
    )
}

/// The median; no number, if there are no values.
pub fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

/// A figure with about three digits.
pub fn short(figure: f64) -> String {
    match figure.abs() {
        large if large >= 100.0 => format!("{figure:.0}"),
        middling if middling >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::figures;

    #[test]
    fn a_ratio_is_of_pairs_and_its_middle() {
        let rounds = [1.0, 4.0, 90.0].map(|value| figures([("x", value)]));
        let others = [2.0, 2.0, 10.0].map(|value| figures([("x", value)]));
        assert_eq!(ratio(&rounds, &others, "x"), 2.0);
        assert_eq!(median(&rounds, "x"), 4.0);
        assert_eq!(median(&rounds[..2], "x"), 2.5);
    }

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new(&["", "calls/s"]);
        table.row(vec!["unary".to_owned(), short(1.234)]);
        let lines = [
            "|       | calls/s |",
            "| ----- | ------: |",
            "| unary |    1.23 |",
            "",
        ];
        assert_eq!(table.to_string(), lines.join("\n"));
    }
}
