//! Reads JSON (RFC 8259) within bounds: so many bytes, so many brackets in each other.
//!
//! It keeps what other parsers give away: keys that stand twice, which are a mistake here, and the order. A parser of our
//! own has no impls of traits that would meddle with the inference of every crate that uses this one.

mod file;
mod node;

use std::fmt;

pub(crate) use file::text_of;
pub(crate) use node::Node;

/// The longest text that is read, in bytes.
pub(crate) const LONGEST: usize = 4 << 20;
/// The most brackets in each other.
const DEEPEST: usize = 64;

/// Why a text was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// So many bytes.
    TooLong(usize),
    /// It is no JSON.
    Syntax(Stop),
}

/// Where reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop {
    /// From one on.
    pub(crate) line: usize,
    /// From one on, in letters.
    pub(crate) column: usize,
    /// What would be right there.
    pub(crate) right: &'static str,
}

/// Reads one value.
pub(crate) fn parse(text: &str) -> Result<Node, Unreadable> {
    if text.len() > LONGEST {
        return Err(Unreadable::TooLong(text.len()));
    }
    let mut parser = Parser { text, at: 0 };
    let read = parser.value(0).and_then(|node| parser.end().map(|()| node));
    read.map_err(|right| Unreadable::Syntax(parser.stop(right)))
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(bytes) => {
                write!(
                    formatter,
                    "the text has {bytes} bytes; it may have {LONGEST}"
                )
            }
            Self::Syntax(at) => write!(
                formatter,
                "the text is no JSON in line {}, column {}: {}",
                at.line, at.column, at.right
            ),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    /// In bytes; always where a letter begins.
    at: usize,
}

type Read<T> = Result<T, &'static str>;

// === Parser ===

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Read<Node> {
        if depth > DEEPEST {
            return Err("there must be at most 64 brackets in each other");
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.text().map(Node::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn map(&mut self, depth: usize) -> Read<Node> {
        let mut entries = Vec::new();
        self.items(b'}', "there must be a `,` or a `}`", |parser| {
            parser.space();
            if parser.peek() != Some(b'"') {
                return Err("there must be a key in double quotes");
            }
            let key = parser.text()?;
            parser.space();
            if !parser.take(b':') {
                return Err("there must be a `:` after a key");
            }
            entries.push((key, parser.value(depth + 1)?));
            Ok(())
        })?;
        Ok(Node::Map(entries))
    }

    fn list(&mut self, depth: usize) -> Read<Node> {
        let mut nodes = Vec::new();
        self.items(b']', "there must be a `,` or a `]`", |parser| {
            nodes.push(parser.value(depth + 1)?);
            Ok(())
        })?;
        Ok(Node::List(nodes))
    }

    /// Items with commas between them, from the opening bracket to the closing one.
    fn items(
        &mut self,
        close: u8,
        right: &'static str,
        mut item: impl FnMut(&mut Self) -> Read<()>,
    ) -> Read<()> {
        self.at += 1;
        self.space();
        if self.take(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            self.space();
            if self.take(close) {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(right);
            }
        }
    }

    fn word(&mut self) -> Read<Node> {
        let words = [
            ("null", Node::Null),
            ("true", Node::Truth(true)),
            ("false", Node::Truth(false)),
        ];
        for (word, node) in words {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(node);
            }
        }
        Err(
            "there must be a value: an object, a list, a text in double quotes, a number, true, false or null",
        )
    }

    fn number(&mut self) -> Read<Node> {
        const RIGHT: &str = "a number is written as in -12.5e3, without zeros in front";
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(RIGHT);
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(RIGHT);
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(RIGHT);
            }
        }
        match self.peek() {
            Some(b'0'..=b'9' | b'.' | b'a'..=b'z' | b'A'..=b'Z') => Err(RIGHT),
            _ => Ok(Node::Number(self.text[start..self.at].to_owned())),
        }
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    /// A text, from its first quote to its last.
    fn text(&mut self) -> Read<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|letter| matches!(letter, '"' | '\\' | '\0'..='\x1f'));
            let plain = plain.unwrap_or(rest.len());
            text.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escaped()?),
                Some(_) => {
                    return Err("a text has no control characters; write \\n for a new line");
                }
                None => return Err("a text must end with a double quote"),
            }
        }
    }

    fn escaped(&mut self) -> Read<char> {
        const RIGHT: &str =
            r#"after a `\` comes one of "\/bfnrt, or u and four hexadecimal digits"#;
        self.at += 1;
        let letter = match self.peek() {
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unit().ok_or(RIGHT).and_then(|unit| self.pair(unit));
            }
            _ => return Err(RIGHT),
        };
        self.at += 1;
        Ok(letter)
    }

    /// A letter that is written as one or two units of UTF-16.
    fn pair(&mut self, first: u16) -> Read<char> {
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            units.extend(self.unit());
        }
        match char::decode_utf16(units)
            .collect::<Result<Vec<_>, _>>()
            .as_deref()
        {
            Ok([letter]) => Ok(*letter),
            _ => Err("half of a pair of \\u escapes is no letter"),
        }
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = u16::from_str_radix(digits, 16).ok().filter(|_| all)?;
        self.at += 4;
        Some(unit)
    }

    fn space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += rest.iter().take_while(space).count();
    }

    fn end(&mut self) -> Read<()> {
        self.space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err("nothing must follow the value"),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn stop(&self, right: &'static str) -> Stop {
        let before = &self.text[..self.at];
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        Stop {
            line: before.matches('\n').count() + 1,
            column: before[line..].chars().count() + 1,
            right,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(text: &str) -> Stop {
        match parse(text) {
            Err(Unreadable::Syntax(stop)) => stop,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_is_read_is_written_in_its_order() {
        let text = r#"{"b": [1, 2.5, -3e+7, 1e-5, "x\n\"ÿ😀"], "a": {"c": null, "d": true}, "e": [], "f": {}}"#;
        let node = parse(text).unwrap();
        assert_eq!(node.to_string(), text);
        assert_eq!(parse(&node.pretty()).unwrap(), node);
        let escaped = parse(r#""\u00ff\ud83d\ude00\/\b""#).unwrap();
        assert_eq!(escaped, Node::Text("ÿ😀/\u{8}".to_owned()));
        assert_eq!(escaped.to_string(), "\"ÿ😀/\\u0008\"");
        let short = Node::Text("\u{c}\n\r\t".to_owned());
        assert_eq!(parse(r#""\f\n\r\t""#), Ok(short));
    }

    #[test]
    fn a_key_that_stands_twice_is_kept_twice() {
        let text = r#"{"a": 1, "a": 2}"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_refused() {
        let long = format!("\"{}\"", "x".repeat(10_000_000));
        assert_eq!(parse(&long), Err(Unreadable::TooLong(10_000_002)));
        let right = stop(&"[".repeat(100_000)).right;
        assert_eq!(right, "there must be at most 64 brackets in each other");
        assert_eq!(stop(&"{\"a\":".repeat(100_000)).right, right);
        assert!(parse(&("[".repeat(65) + &"]".repeat(65))).is_ok());
        assert!(parse(&"1".repeat(LONGEST)).is_ok());
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_what_would_be_right() {
        let told = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(
            told(&" ".repeat(LONGEST + 1)),
            "the text has 4194305 bytes; it may have 4194304"
        );
        assert_eq!(
            told("[\n-]"),
            "the text is no JSON in line 2, column 2: a number is written as in -12.5e3, without zeros in front"
        );
    }

    #[test]
    fn where_it_ends_is_told_in_letters() {
        let told = stop("{\n  \"ÿ\": 1,\n  \"ÿÿ\": tru\n}");
        assert_eq!((told.line, told.column), (3, 9));
        assert_eq!(
            stop("{\"a\": 1,}").right,
            "there must be a key in double quotes"
        );
    }

    #[test]
    fn what_other_parsers_let_pass_is_no_json() {
        for text in [
            "",
            " ",
            "nul",
            "NaN",
            "Infinity",
            "-",
            "01",
            "1.",
            ".5",
            "1e",
            "+1",
            "0x1",
            "1_0",
            "'a'",
            "[1,]",
            "{a: 1}",
            "{\"a\" 1}",
            "\"\t\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "\"",
            "[",
            "{",
            "1 2",
            "// 1\n1",
            "\u{feff}1",
        ] {
            stop(text);
        }
    }
}
