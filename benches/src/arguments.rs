//! The few arguments that the programs take.

use std::{process::exit, str::FromStr, time::Duration};

/// The arguments of this program, taken one by one.
#[derive(Debug)]
pub struct Arguments {
    help: &'static str,
    words: Vec<String>,
}

impl Arguments {
    /// What was given. `--help` prints `help` and ends the program.
    pub fn new(help: &'static str) -> Self {
        let words: Vec<_> = std::env::args().skip(1).collect();
        if words.iter().any(|word| word == "--help" || word == "-h") {
            println!("{help}");
            exit(0);
        }
        Self { help, words }
    }

    /// Whether `name` was given.
    pub fn flag(&mut self, name: &str) -> bool {
        let found = self.words.iter().position(|word| word == name);
        found.map(|at| self.words.remove(at)).is_some()
    }

    /// The value after `name`, if it was given. Ends the program if it makes no sense.
    pub fn value<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => self.wrong(&format!("`{text}` is no value for {name}")),
        }
    }

    /// As [`value`](Self::value), for a time such as `3s` or `250ms`.
    pub fn time(&mut self, name: &str) -> Option<Duration> {
        let text = self.text(name)?;
        match time(&text) {
            Some(time) => Some(time),
            None => self.wrong(&format!("`{text}` is no time; try 3s or 250ms")),
        }
    }

    /// As [`value`](Self::value). Ends the program if it is missing.
    pub fn needed<T: FromStr>(&mut self, name: &str) -> T {
        match self.value(name) {
            Some(value) => value,
            None => self.wrong(&format!("{name} is missing")),
        }
    }

    /// Ends the program if anything is left that nobody asked for.
    pub fn end(self) {
        if let Some(word) = self.words.first() {
            self.wrong(&format!("`{word}` means nothing here"));
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let at = self.words.iter().position(|word| word == name)?;
        self.words.remove(at);
        if at == self.words.len() {
            self.wrong(&format!("{name} needs a value"));
        }
        Some(self.words.remove(at))
    }

    fn wrong(&self, what: &str) -> ! {
        eprintln!("{what}\n\n{}", self.help);
        exit(2)
    }
}

fn time(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(time("3s"), Some(Duration::from_secs(3)));
        assert_eq!(time("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(time("1.5s"), Some(Duration::from_millis(1500)));
        for wrong in ["3", "s", "", "-1s", "1 h", "1.2.3s"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
