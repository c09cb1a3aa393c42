//! Where the fields of an option's `{ … }` stand: compilers give the whole of it one position.
//!
//! This reads just enough of protobuf's text format to find names and values. What it cannot read
//! it skips: the compiler has already said what is wrong with it.

use std::ops::Range;

use super::depth::BRACKETS;

/// One `name: value`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// The field's name.
    pub(super) name: &'a str,
    /// Its value.
    pub(super) value: Value<'a>,
}

/// A value and where it stands, in bytes of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A number, a string, a name.
    Scalar(Range<usize>),
    /// `[a, b]`
    List(Vec<Value<'a>>),
    /// `{ a: b }`
    Message(Vec<Entry<'a>>, Range<usize>),
}

/// Finds the `index`-th value of the field that `path` leads to, in the option statement at `range`.
pub(super) fn find(
    text: &str,
    range: Range<usize>,
    path: &[&str],
    index: usize,
) -> Option<Range<usize>> {
    let mut scanner = Scanner {
        text: text.get(..range.end)?,
        at: range.start,
        depth: 0,
    };
    scanner.skip_to_value();
    let value = scanner.value()?;
    let mut values = Vec::new();
    collect(&value, path, &mut values);
    values.into_iter().nth(index)
}

fn collect(value: &Value<'_>, path: &[&str], found: &mut Vec<Range<usize>>) {
    match (value, path) {
        (Value::List(values), path) => {
            for value in values {
                collect(value, path, found);
            }
        }
        (Value::Scalar(range) | Value::Message(_, range), []) => found.push(range.clone()),
        (Value::Message(entries, _), [name, rest @ ..]) => {
            for entry in entries.iter().filter(|entry| entry.name == *name) {
                collect(&entry.value, rest, found);
            }
        }
        (Value::Scalar(_), _) => {}
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// How many values the next one is in.
    depth: usize,
}

impl<'a> Scanner<'a> {
    /// Past the name of the option and its `=`, to what it is set to.
    fn skip_to_value(&mut self) {
        while let Some(token) = self.token() {
            if &self.text[token] == "=" {
                return;
            }
        }
    }

    /// The next value; `None` where there is none, or it is nested deeper than anything of ours.
    fn value(&mut self) -> Option<Value<'a>> {
        if self.depth == BRACKETS {
            return None;
        }
        self.depth += 1;
        let value = self.one();
        self.depth -= 1;
        value
    }

    fn one(&mut self) -> Option<Value<'a>> {
        let token = self.token()?;
        match &self.text[token.clone()] {
            "{" | "<" => {
                let entries = self.entries();
                Some(Value::Message(entries, token.start..self.at))
            }
            "[" => {
                let mut values = Vec::new();
                loop {
                    match self.peek()? {
                        "]" => {
                            self.token();
                            return Some(Value::List(values));
                        }
                        "," => drop(self.token()),
                        _ => values.push(self.value()?),
                    }
                }
            }
            "-" => self
                .token()
                .map(|number| Value::Scalar(token.start..number.end)),
            text if text.starts_with(['"', '\'']) => {
                let mut range = token;
                // Adjacent strings are one.
                while self
                    .peek()
                    .is_some_and(|next| next.starts_with(['"', '\'']))
                {
                    range.end = self.token()?.end;
                }
                Some(Value::Scalar(range))
            }
            _ => Some(Value::Scalar(token)),
        }
    }

    /// Up to and past the closing bracket.
    fn entries(&mut self) -> Vec<Entry<'a>> {
        let mut entries = Vec::new();
        while let Some(token) = self.token() {
            let name = &self.text[token];
            match name {
                "}" | ">" => break,
                "," | ";" => continue,
                "[" => {
                    // The name of an extension or of an `Any`: never one of ours.
                    while self.token().is_some_and(|token| &self.text[token] != "]") {}
                }
                _ => {}
            }
            if self.peek() == Some(":") {
                self.token();
            }
            match self.value() {
                Some(value) => entries.push(Entry { name, value }),
                None => break,
            }
        }
        entries
    }

    fn peek(&mut self) -> Option<&'a str> {
        let before = self.at;
        let token = self.token();
        self.at = before;
        token.map(|token| &self.text[token])
    }

    /// The next word, number, string or mark; the next thing after spaces and comments.
    fn token(&mut self) -> Option<Range<usize>> {
        self.skip_blanks();
        let start = self.at;
        let rest = &self.text[start..];
        let first = rest.chars().next()?;
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+');
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            first if word(first) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        self.at = start + length;
        Some(start..self.at)
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let comment = if trimmed.starts_with("//") || trimmed.starts_with('#') {
                trimmed.find('\n')
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map(|end| end + 2)
            } else {
                return;
            };
            self.at += comment.unwrap_or(trimmed.len());
        }
    }
}

/// The length of the quoted text at the front.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, next) in rest.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            next if next == quote => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::find;

    const OPTION: &str = r#"
        option (couplet.method) = { // the "timeout": here
            timeout: "250" 'ms'
            retry { max_attempts: 3, retryable_status_codes: [UNAVAILABLE, /* and */ ABORTED] }
            breaker: < failure_rate_threshold: -5.5 # as text format has it
              failure_codes: INTERNAL; failure_codes: UNKNOWN >
        };"#;

    fn found(path: &[&str], index: usize) -> Option<&'static str> {
        find(OPTION, 0..OPTION.len(), path, index).map(|range| &OPTION[range])
    }

    #[test]
    fn finds_values_at_any_depth() {
        assert_eq!(found(&["timeout"], 0), Some(r#""250" 'ms'"#));
        assert_eq!(found(&["retry", "max_attempts"], 0), Some("3"));
        assert_eq!(
            found(&["breaker", "failure_rate_threshold"], 0),
            Some("-5.5")
        );
        assert_eq!(found(&["bulkhead"], 0), None);
    }

    #[test]
    fn finds_groups_as_a_whole() {
        let retry = found(&["retry"], 0).expect("there is one");
        assert!(retry.starts_with("{ max_attempts") && retry.ends_with("ABORTED] }"));
    }

    #[test]
    fn finds_the_elements_of_lists_however_they_are_written() {
        assert_eq!(
            found(&["retry", "retryable_status_codes"], 1),
            Some("ABORTED")
        );
        assert_eq!(found(&["breaker", "failure_codes"], 1), Some("UNKNOWN"));
    }

    #[test]
    fn what_is_not_text_format_is_nowhere() {
        for text in [
            "",
            "option x",
            "option x =",
            "option x = {",
            "option x = { a: [",
            "option x = \"a",
            // Other compilers let this pass; it is none of ours, and no reason to run out of stack.
            &format!("option x = {}", "{ a: [".repeat(100_000)),
        ] {
            assert_eq!(find(text, 0..text.len(), &["a", "b"], 0), None);
        }
    }
}
