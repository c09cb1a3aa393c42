//! JSON as it was written: in its order, with every key, also one that stands twice.
//!
//! Reading it is bounded: so many bytes, so many brackets in each other. What it means is said in `read`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// The longest text that is read, in bytes.
pub(super) const LONGEST: usize = 4 << 20;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Truth(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Why a text is no JSON that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// So many bytes.
    TooLong(usize),
    /// What the parser says, with line and column.
    Syntax(String),
}

impl Node {
    /// Reads `text`.
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable::TooLong(text.len()));
        }
        // The parser ends itself at 128 brackets in each other.
        serde_json::from_str(text).map_err(|error| Unreadable::Syntax(error.to_string()))
    }

    /// Whether it stands for nothing, as proto3's JSON has it.
    pub(super) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// A number as short as it can be written, without a fraction where it has none.
    pub(super) fn number(value: f32) -> Self {
        let exact = value.fract() == 0.0 && value.abs() < 1e9;
        if exact {
            return Self::Number((value as i64).into());
        }
        let shortest = value.to_string().parse().ok().and_then(Number::from_f64);
        shortest.map_or(Self::Null, Self::Number)
    }
}

// === Reading ===

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Truth(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        // The parser makes no number of what is none.
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}

// === Showing ===

impl Node {
    /// The same in lines, indented by two spaces.
    pub(super) fn pretty(&self) -> String {
        let mut text = String::new();
        self.put(&mut text, 0);
        text.push('\n');
        text
    }

    fn put(&self, text: &mut String, depth: usize) {
        match self {
            Self::List(nodes) if nodes.iter().any(Self::has_parts) => {
                let items = nodes.iter().map(|node| (None, node));
                put_lines(text, depth, ['[', ']'], items);
            }
            Self::Map(entries) if self.has_parts() => {
                let items = entries.iter().map(|(key, node)| (Some(key.as_str()), node));
                put_lines(text, depth, ['{', '}'], items);
            }
            flat => text.push_str(&flat.to_string()),
        }
    }

    fn has_parts(&self) -> bool {
        matches!(self, Self::List(nodes) if !nodes.is_empty())
            || matches!(self, Self::Map(entries) if !entries.is_empty())
    }
}

fn put_lines<'a>(
    text: &mut String,
    depth: usize,
    [open, close]: [char; 2],
    items: impl Iterator<Item = (Option<&'a str>, &'a Node)>,
) {
    text.push(open);
    for (index, (key, node)) in items.enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = key {
            text.push_str(&format!("{}: ", quoted(key)));
        }
        node.put(text, depth + 1);
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
}

impl fmt::Display for Node {
    /// On one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Truth(truth) => write!(formatter, "{truth}"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => formatter.write_str(&quoted(text)),
            Self::List(nodes) => {
                formatter.write_str("[")?;
                for (index, node) in nodes.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{node}")?;
                }
                formatter.write_str("]")
            }
            Self::Map(entries) => {
                formatter.write_str("{")?;
                for (index, (key, node)) in entries.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{}: {node}", quoted(key))?;
                }
                formatter.write_str("}")
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_in_its_order() {
        let text =
            r#"{"b": [1, 2.5, -3, "x\n\"y\""], "a": {"c": null, "d": true}, "e": [], "f": {}}"#;
        let node = Node::parse(text).unwrap();
        assert_eq!(node.to_string(), text);
        assert_eq!(Node::parse(&node.pretty()).unwrap(), node);
    }

    #[test]
    fn a_key_that_stands_twice_is_kept_twice() {
        let node = Node::parse(r#"{"a": 1, "a": 2}"#).unwrap();
        assert_eq!(node.to_string(), r#"{"a": 1, "a": 2}"#);
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_refused() {
        let long = format!("\"{}\"", "x".repeat(10_000_000));
        assert_eq!(Node::parse(&long), Err(Unreadable::TooLong(10_000_002)));
        let deep = "[".repeat(100_000);
        let refused = Node::parse(&deep).unwrap_err();
        assert!(matches!(&refused, Unreadable::Syntax(why) if why.contains("recursion limit")));
    }
}
