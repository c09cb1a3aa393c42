//! A JSON value as it was written: in its order, with every key, also one that stands twice, and numbers to the digit.

use std::fmt;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Truth(bool),
    /// As it was written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Whether it stands for nothing, as proto3's JSON has it.
    pub(crate) fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

// === Showing ===

impl Node {
    /// The same in lines, indented by two spaces.
    pub(crate) fn pretty(&self) -> String {
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
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use crate::json::parse;

    #[test]
    fn only_what_holds_something_is_put_in_lines() {
        let text = r#"{
  "a b": [1, 2],
  "nothing": {},
  "deep": [
    {
      "c": []
    },
    {}
  ]
}
"#;
        assert_eq!(parse(text).unwrap().pretty(), text);
    }
}
