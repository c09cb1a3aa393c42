//! The measured end of a comparison: a program that answers, line by line, what it was asked for.
//!
//! An answer is one line of `name=value`. The program ends with its input.

use std::{collections::BTreeMap, future::Future, io};

use tokio::io::{AsyncBufReadExt, BufReader, stdin};

/// Numbers with names.
pub type Figures = BTreeMap<String, f64>;

/// Answers every line of the input by `answer`, to the end of the input.
///
/// # Errors
/// If the input cannot be read, or what `answer` says.
pub async fn answer<F: Future<Output = io::Result<Figures>>>(
    mut answer: impl FnMut(String) -> F,
) -> io::Result<()> {
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        println!("{}", write(&answer(line).await?));
    }
    Ok(())
}

/// Figures of these names.
pub fn figures<const N: usize>(named: [(&str, f64); N]) -> Figures {
    let named = named.into_iter();
    named
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn write(figures: &Figures) -> String {
    let words: Vec<_> = figures
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    words.join(" ")
}

/// Figures from a line that another program wrote.
pub fn read(line: &str) -> Option<Figures> {
    let figure = |word: &str| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    line.split_whitespace().map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_they_are_written() {
        let told = figures([("calls", 3.0), ("seconds", 0.25)]);
        assert_eq!(write(&told), "calls=3 seconds=0.25");
        assert_eq!(read(&write(&told)), Some(told));
        assert_eq!(read("no figures"), None);
    }
}
