//! What a field can hold, how it is written in JSON, and what is right for it.
//!
//! Rules of proto3's JSON: a duration is a text such as `"0.5s"`, a number may stand in quotes, a code is a number or a
//! name.

use std::time::Duration;

use tonic::Code;

use super::{
    duration,
    names::{self, Named},
};
use crate::call::{
    AdaptiveAlgorithm, AdaptiveMode, BreakerAbandoned, BreakerMode, BreakerScope, CodeSet,
    Disabled, Window,
};
use crate::json::Node;
use crate::policy::balance::Strategy;

/// What is in a field, whatever its type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Item {
    Time(Duration),
    Count(u32),
    Number(f32),
    Truth(bool),
    Codes(CodeSet),
    Code(Code),
    Choice(&'static str),
    Window(Window),
    Disabled(Disabled),
}

/// What is right for a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A duration between these.
    Time(Duration, Duration),
    /// A whole number within these.
    Count(u32, u32),
    /// A whole number of at least the first; what is above the second counts as the second, unless the channel's cap on
    /// attempts is another.
    Capped(u32, u32),
    /// A number that passes, and what is said of one that does not.
    Number(fn(f32) -> bool, &'static str),
    /// `true` or `false`.
    Truth,
    /// Codes of failures; at least one.
    Codes,
    /// A code.
    Code,
    /// One of these.
    Choice(&'static [&'static str]),
    /// What a breaker looks back on: `slidingWindowType` and `slidingWindowSize`, read apart from the others.
    Window,
    /// Names of policies.
    Policies,
}

// === Kind ===

impl Kind {
    /// A duration that may be none.
    pub(super) const WAIT: Self = Self::Time(Duration::ZERO, Duration::MAX);
    /// A duration above zero.
    pub(super) const TIME: Self = Self::Time(Duration::from_nanos(1), Duration::MAX);
    /// Any whole number.
    pub(super) const ANY: Self = Self::Count(0, u32::MAX);
    /// At least one.
    pub(super) const SOME: Self = Self::Count(1, u32::MAX);
    /// A whole percentage.
    pub(super) const WHOLE_PERCENT: Self = Self::Count(0, 100);
    /// A percentage that something can reach.
    pub(super) const PERCENT: Self = Self::Number(
        |value| value > 0.0 && value <= 100.0,
        "a percentage above 0 and up to 100, such as 50",
    );
    /// A percentile.
    pub(super) const PERCENTILE: Self = Self::Number(
        |value| value > 0.0 && value < 100.0,
        "a percentile above 0 and below 100, such as 95",
    );
    /// A share.
    pub(super) const SHARE: Self = Self::Number(
        |value| (0.0..=1.0).contains(&value),
        "a share from 0 to 1, such as 0.2",
    );
    /// A share that is neither nothing nor all.
    pub(super) const FRACTION: Self = Self::Number(
        |value| value > 0.0 && value < 1.0,
        "a number above 0 and below 1, such as 0.9",
    );
    /// A share of calls, per million.
    pub(super) const PER_MILLION: Self = Self::Count(0, 1_000_000);
    /// A factor that makes greater.
    pub(super) const GROWTH: Self = Self::Number(
        |value| value >= 1.0 && value.is_finite(),
        "a factor of at least 1, such as 2",
    );
    /// How many calls are let out for each that is accepted.
    pub(super) const LET_OUT: Self = Self::Number(
        |value| value >= 1.1 && value.is_finite(),
        "a number of at least 1.1, such as 2",
    );
    /// A factor.
    pub(super) const FACTOR: Self = Self::Number(
        |value| value > 0.0 && value.is_finite(),
        "a number above 0, such as 2",
    );
    /// What a success gives back to a throttle: it counts in thousandths.
    pub(super) const RATIO: Self = Self::Number(
        |value| value >= 0.001 && value.is_finite(),
        "a number of at least 0.001, such as 0.1",
    );

    /// What `node` says, or what would be right.
    pub(super) fn read(self, node: &Node) -> Result<Item, String> {
        match self {
            Self::Time(least, most) => time(node, least, most).map(Item::Time),
            Self::Count(least, most) => count(node, least, most).map(Item::Count),
            Self::Capped(least, _) => count(node, least, u32::MAX).map(Item::Count),
            Self::Number(right, words) => number(node)
                .filter(|number| right(*number))
                .map(Item::Number)
                .ok_or_else(|| format!("it must be {words}")),
            Self::Truth => match node {
                Node::Truth(truth) => Ok(Item::Truth(*truth)),
                _ => Err("it must be true or false".to_owned()),
            },
            Self::Codes => codes(node).map(Item::Codes),
            Self::Code => code(node).map(Item::Code),
            Self::Choice(known) => choice(node, known).map(Item::Choice),
            Self::Window => Err("it must be a window".to_owned()),
            Self::Policies => policies(node).map(Item::Disabled),
        }
    }

    /// How it is spoken of in a table.
    pub(super) fn words(self) -> String {
        match self {
            Self::Time(Duration::ZERO, _) => "duration".to_owned(),
            Self::Time(_, Duration::MAX) => "duration above 0".to_owned(),
            Self::Time(least, most) => {
                format!(
                    "\"{}\" to \"{}\"",
                    duration::write(least),
                    duration::write(most)
                )
            }
            Self::Count(0, u32::MAX) => "whole number".to_owned(),
            Self::Count(least, u32::MAX) => format!("whole number from {least} on"),
            Self::Count(least, most) => format!("{least} to {most}"),
            Self::Capped(least, most) => {
                format!("{least} to {most}, or the channel's `attempts_cap`")
            }
            Self::Number(_, words) => words.split(", such").next().unwrap_or(words).to_owned(),
            Self::Truth => "true or false".to_owned(),
            Self::Codes => "list of codes".to_owned(),
            Self::Code => "code".to_owned(),
            Self::Choice(known) => known.join(", "),
            Self::Window => "duration, or number of calls".to_owned(),
            Self::Policies => "list of policies".to_owned(),
        }
    }
}

fn time(node: &Node, least: Duration, most: Duration) -> Result<Duration, String> {
    let Node::Text(text) = node else {
        return Err(r#"it must be a duration in quotes, such as "0.5s""#.to_owned());
    };
    let time = duration::read(text).map_err(|error| error.to_string())?;
    if (least..=most).contains(&time) {
        return Ok(time);
    }
    Err(match most {
        Duration::MAX => "it must be above 0".to_owned(),
        most => {
            let (least, most) = (duration::write(least), duration::write(most));
            format!("it must be between \"{least}\" and \"{most}\"")
        }
    })
}

fn count(node: &Node, least: u32, most: u32) -> Result<u32, String> {
    let whole = number_of(node).filter(|number| number.fract() == 0.0);
    let within = f64::from(least)..=f64::from(most);
    match whole.filter(|number| within.contains(number)) {
        // It is whole and within the bounds of the type.
        Some(number) => Ok(number as u32),
        None if most == u32::MAX => Err(format!("it must be a whole number of at least {least}")),
        None => Err(format!(
            "it must be a whole number between {least} and {most}"
        )),
    }
}

fn number(node: &Node) -> Option<f32> {
    number_of(node).map(|number| number as f32)
}

/// A number, or the same in quotes.
pub(super) fn number_of(node: &Node) -> Option<f64> {
    match node {
        Node::Number(number) => number.parse().ok(),
        Node::Text(text) if !text.starts_with('+') => text.parse().ok(),
        _ => None,
    }
}

fn codes(node: &Node) -> Result<CodeSet, String> {
    const EXAMPLE: &str = r#"it must be a list of codes, such as ["UNAVAILABLE"]"#;
    match node {
        Node::List(list) if list.is_empty() => {
            Err(r#"it must name at least one code, such as ["UNAVAILABLE"]"#.to_owned())
        }
        Node::List(list) => list.iter().map(failure).collect(),
        _ => Err(EXAMPLE.to_owned()),
    }
}

fn failure(node: &Node) -> Result<Code, String> {
    match code(node)? {
        Code::Ok => Err("OK is no failure; name codes of failures, such as UNAVAILABLE".to_owned()),
        code => Ok(code),
    }
}

fn code(node: &Node) -> Result<Code, String> {
    let found = match node {
        Node::Text(name) => Code::by_name(name),
        Node::Number(number) => {
            let known = number
                .parse()
                .ok()
                .filter(|number| (0..=16).contains(number));
            known.map(Code::from_i32)
        }
        _ => None,
    };
    match found {
        Some(code) => Ok(code),
        None => {
            let near = match node {
                Node::Text(name) => names::near(name, Code::names()),
                _ => None,
            };
            let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            Err(format!(
                "{node} is no status code; write a name such as UNAVAILABLE, or its number{near}"
            ))
        }
    }
}

fn choice(node: &Node, known: &'static [&'static str]) -> Result<&'static str, String> {
    let found = match node {
        Node::Text(name) => known.iter().find(|known| known.eq_ignore_ascii_case(name)),
        _ => None,
    };
    found
        .copied()
        .ok_or_else(|| format!("it must be one of {}", known.join(", ")))
}

fn policies(node: &Node) -> Result<Disabled, String> {
    let Node::List(list) = node else {
        return Err(r#"it must be a list of policies, such as ["retryPolicy"]"#.to_owned());
    };
    let mut named = list.iter().map(|node| {
        let found = match node {
            Node::Text(name) => Disabled::by_name(name),
            _ => None,
        };
        found.ok_or_else(|| {
            let known: Vec<_> = Disabled::names().collect();
            format!("{node} is no policy; write one of {}", known.join(", "))
        })
    });
    named.try_fold(Disabled::NONE, |all, one| Ok(all.and(one?)))
}

// === Item ===

impl Item {
    /// How it is written in JSON.
    pub(super) fn node(self) -> Node {
        match self {
            Self::Time(time) => Node::Text(duration::write(time)),
            Self::Count(count) => Node::Number(count.to_string()),
            Self::Number(number) => Node::Number(number.to_string()),
            Self::Truth(truth) => Node::Truth(truth),
            Self::Codes(codes) => Node::List(codes.iter().map(text).collect()),
            Self::Code(code) => text(code),
            Self::Choice(name) => Node::Text(name.to_owned()),
            Self::Window(Window::Time(time)) => Node::Text(duration::write(time)),
            Self::Window(Window::Count(calls)) => Node::Text(calls.to_string()),
            Self::Disabled(disabled) => {
                let named = Disabled::ALL.iter().filter(|(_, one)| disabled.has(*one));
                Node::List(
                    named
                        .map(|(name, _)| Node::Text((*name).to_owned()))
                        .collect(),
                )
            }
        }
    }
}

fn text(code: Code) -> Node {
    Node::Text(code.name().to_owned())
}

// === Typed ===

/// A type that a field can have.
pub(super) trait Typed: Sized {
    /// What is in a field that holds it.
    fn item(self) -> Item;
    /// What a field holds; none if it is of another type.
    fn of(item: Item) -> Option<Self>;
}

macro_rules! typed {
    ($($type:ty: $variant:ident),* $(,)?) => {
        $(impl Typed for $type {
            fn item(self) -> Item {
                Item::$variant(self)
            }

            fn of(item: Item) -> Option<Self> {
                match item {
                    Item::$variant(value) => Some(value),
                    _ => None,
                }
            }
        })*
    };
}

typed! {
    Duration: Time,
    u32: Count,
    f32: Number,
    bool: Truth,
    CodeSet: Codes,
    Code: Code,
    Window: Window,
    Disabled: Disabled,
}

impl Typed for f64 {
    fn item(self) -> Item {
        Item::Number(self as f32)
    }

    fn of(item: Item) -> Option<Self> {
        match item {
            // As it was written: 0.2 is not 0.2 rounded twice.
            Item::Number(value) => value.to_string().parse().ok(),
            _ => None,
        }
    }
}

macro_rules! chosen {
    ($($type:ty),* $(,)?) => {
        $(impl Typed for $type {
            fn item(self) -> Item {
                Item::Choice(self.name())
            }

            fn of(item: Item) -> Option<Self> {
                match item {
                    Item::Choice(name) => Self::by_name(name),
                    _ => None,
                }
            }
        })*
    };
}

chosen!(
    BreakerMode,
    BreakerScope,
    BreakerAbandoned,
    AdaptiveMode,
    AdaptiveAlgorithm,
    Strategy
);
