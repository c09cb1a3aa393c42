//! What a breaker looks back on: one value that JSON says in two fields.

use std::time::Duration;

use super::{
    duration,
    error::excerpt,
    read::Reader,
    value::{Item, Kind},
};
use crate::call::Window;
use crate::json::Node;

const TYPE: &str = "slidingWindowType";
const SIZE: &str = "slidingWindowSize";

/// The calls that a breaker can look back on.
const CALLS: Kind = Kind::Count(1, 65_536);
/// The shortest time that slides in tenths.
const TIME: Kind = Kind::Time(
    Duration::from_millis(10),
    Duration::from_secs(366 * 24 * 3_600),
);

/// Reads `slidingWindowType` and `slidingWindowSize` of `breaker`.
pub(super) fn read(reader: &mut Reader, breaker: &Node, found: impl FnOnce(Window)) {
    let said = |key: &str| {
        let Node::Map(entries) = breaker else {
            return None;
        };
        let (_, node) = entries.iter().find(|(known, _)| known == key)?;
        Some(node).filter(|node| !node.is_null())
    };
    let (kind, size) = (said(TYPE), said(SIZE));
    let kind = match kind.map(|kind| (kind, Kind::Choice(&["TIME", "COUNT"]).read(kind))) {
        Some((_, Ok(Item::Choice(kind)))) => Some(kind),
        Some((node, other)) => {
            let right = other.err().unwrap_or_default();
            let found = format!("is {}", excerpt(node));
            return reader.at(TYPE, |reader| reader.wrong(found, right));
        }
        None => None,
    };
    let read = match (kind, size) {
        (None | Some("TIME"), None) => return,
        (None | Some("TIME"), Some(size)) => TIME.read(size).map_err(|right| match size {
            Node::Number(_) => format!("{right}; a number of calls is for {TYPE} COUNT"),
            _ => right,
        }),
        (Some(_), None) => Ok(Item::Count(100)),
        (Some(_), Some(size)) => CALLS.read(size),
    };
    match (read, size) {
        (Ok(Item::Time(time)), _) => found(Window::Time(time)),
        (Ok(Item::Count(calls)), _) => found(Window::Count(calls)),
        (Err(right), Some(size)) => {
            let found = format!("is {}", excerpt(size));
            reader.at(SIZE, |reader| reader.wrong(found, right));
        }
        _ => {}
    }
}

/// The two fields.
pub(super) fn write(window: Window) -> [(String, Node); 2] {
    let (kind, size) = match window {
        Window::Time(time) => ("TIME", duration::write(time)),
        Window::Count(calls) => ("COUNT", calls.to_string()),
    };
    [
        (TYPE.to_owned(), Node::Text(kind.to_owned())),
        (SIZE.to_owned(), Node::Text(size)),
    ]
}
