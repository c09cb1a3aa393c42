//! What is wrong with a service config: where, what is there, and what would be right.

use std::fmt;

/// The most mistakes that are told at once.
const MOST: usize = 20;

/// Why a service config was refused as a whole: its mistakes, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceConfigErrors {
    told: Vec<Mistake>,
    /// How many more there are.
    more: usize,
}

/// One mistake in a service config.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{found}; {right}", subject(.path))]
pub struct Mistake {
    /// Where: `methodConfig[1].retryPolicy.maxAttempts`; empty for the whole text.
    pub path: String,
    /// What is there.
    pub found: String,
    /// What would be right.
    pub right: String,
}

/// What is odd in a service config and no mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub path: String,
    /// What is odd.
    pub text: String,
}

// === ServiceConfigErrors ===

impl ServiceConfigErrors {
    pub(super) fn new() -> Self {
        Self {
            told: Vec::new(),
            more: 0,
        }
    }

    pub(super) fn add(&mut self, path: &str, found: impl Into<String>, right: impl Into<String>) {
        if self.told.len() == MOST {
            self.more += 1;
            return;
        }
        self.told.push(Mistake {
            path: path.to_owned(),
            found: found.into(),
            right: right.into(),
        });
    }

    pub(super) fn none(self) -> Result<(), Self> {
        match self.told.is_empty() {
            true => Ok(()),
            false => Err(self),
        }
    }

    /// The mistakes; the first twenty where there are more.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.told.iter()
    }
}

impl fmt::Display for ServiceConfigErrors {
    /// A mistake a line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.told.iter().enumerate() {
            let line = if index == 0 { "" } else { "\n" };
            write!(formatter, "{line}{mistake}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}

impl std::error::Error for ServiceConfigErrors {}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", subject(&self.path), self.text)
    }
}

fn subject(path: &str) -> String {
    match path {
        "" => String::new(),
        path => format!("{path} "),
    }
}

/// As much of a value as a message can hold.
pub(super) fn excerpt(value: &impl fmt::Display) -> String {
    const MOST_LETTERS: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
