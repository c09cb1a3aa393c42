//! Flags as gRPC's interop programs take them: `--name=value` or `--name value`.

use std::{collections::HashMap, str::FromStr};

/// The flags of a program.
#[derive(Debug, Default)]
pub struct Flags(HashMap<String, String>);

/// A command line that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FlagError {
    /// A word where a flag was expected, or a flag that the program does not have.
    #[error("unknown argument `{word}`; known: {known}")]
    Unknown {
        /// The word.
        word: String,
        /// The flags there are.
        known: String,
    },
    /// A flag at the end, without its value.
    #[error("`--{0}` has no value")]
    Bare(String),
    /// A value of another kind.
    #[error("`--{name}` cannot be `{value}`")]
    Value {
        /// The flag.
        name: String,
        /// What it was given.
        value: String,
    },
}

impl Flags {
    /// Reads `arguments`, without the program's name.
    ///
    /// # Errors
    /// If there is anything but the `known` flags, each with its value.
    pub fn read(
        arguments: impl IntoIterator<Item = String>,
        known: &[&str],
    ) -> Result<Self, FlagError> {
        let mut flags = HashMap::new();
        let mut arguments = arguments.into_iter();
        while let Some(word) = arguments.next() {
            let flag = word.strip_prefix("--").unwrap_or_default();
            let (name, value) = flag
                .split_once('=')
                .map_or((flag, None), |(name, value)| (name, Some(value.to_owned())));
            if !known.contains(&name) {
                return Err(FlagError::Unknown {
                    word,
                    known: known.join(", "),
                });
            }
            let value = value
                .or_else(|| arguments.next())
                .ok_or_else(|| FlagError::Bare(name.to_owned()))?;
            flags.insert(name.to_owned(), value);
        }
        Ok(Self(flags))
    }

    /// The value of `--name`, or `otherwise` where it was not given.
    ///
    /// # Errors
    /// If the value is no `T`.
    pub fn value<T: FromStr>(&self, name: &str, otherwise: T) -> Result<T, FlagError> {
        let Some(value) = self.0.get(name) else {
            return Ok(otherwise);
        };
        value.parse().map_err(|_| FlagError::Value {
            name: name.to_owned(),
            value: value.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Flags, FlagError> {
        Flags::read(
            line.split_whitespace().map(str::to_owned),
            &["port", "use_tls"],
        )
    }

    #[test]
    fn both_spellings_are_read_and_the_rest_is_told() {
        let flags = read("--port=7 --use_tls true").unwrap();
        assert_eq!(flags.value("port", 0).unwrap(), 7);
        assert!(flags.value("use_tls", false).unwrap());
        assert_eq!(read("").unwrap().value("port", 9).unwrap(), 9);

        let told = |line| read(line).unwrap_err().to_string();
        assert_eq!(
            told("--host x"),
            "unknown argument `--host`; known: port, use_tls"
        );
        assert_eq!(told("--port"), "`--port` has no value");
        let unfit = read("--port x").unwrap().value("port", 0).unwrap_err();
        assert_eq!(unfit.to_string(), "`--port` cannot be `x`");
    }
}
