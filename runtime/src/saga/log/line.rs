//! One record as one line of text: its CRC-32 in hexadecimal digits, the saga, what happened.
//!
//! ```text
//! 8f1c52a0 4b0c…e9 begun checkout compensate
//! 0d7a9e13 4b0c…e9 started 1 /orders.v1.Orders/CancelOrder 0a0436312d32
//! ```
//!
//! Text, so that it can be read where something went wrong. A line never holds a zero byte.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{Event, Misfit, Misread, OnAmbiguous, Record, Undo};

/// The most bytes of a compensation's request.
pub(super) const LARGEST: usize = 16 * 1024 * 1024;
/// The most bytes of a line: two digits for each byte of the request, and room for names.
pub(super) const LONGEST: u64 = 2 * LARGEST as u64 + 64 * 1024;
/// The most bytes of the name of a saga and of the path of a method.
const NAME: usize = 8 * 1024;

/// What is written as itself in names and paths.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// Appends the line of `record`, with its end, to `to`.
pub(super) fn write(record: &Record, to: &mut Vec<u8>) -> Result<(), Misfit> {
    let text = text(record)?;
    let sum = crc32fast::hash(text.as_bytes());
    to.extend_from_slice(format!("{sum:08x} {text}\n").as_bytes());
    Ok(())
}

/// Reads a line without its end.
pub(super) fn read(line: &[u8]) -> Result<Record, Misread> {
    let (sum, rest) = line.split_at_checked(9).ok_or(Misread::Checksum)?;
    if format!("{:08x} ", crc32fast::hash(rest)).as_bytes() != sum {
        return Err(Misread::Checksum);
    }
    let text = std::str::from_utf8(rest).map_err(|_| Misread::Checksum)?;
    parse(text).ok_or_else(|| Misread::Unknown(text.chars().take(80).collect()))
}

fn text(record: &Record) -> Result<String, Misfit> {
    let Record { gid, event } = record;
    Ok(match event {
        Event::Begun { name, on_ambiguous } => {
            let doubt = match on_ambiguous {
                OnAmbiguous::Compensate => "compensate",
                OnAmbiguous::Leave => "leave",
            };
            format!("{gid} begun {} {doubt}", escaped(name)?)
        }
        Event::Started { step, undo } => format!("{gid} started {step} {}", undone(undo)?),
        Event::Done { step, undo } => format!("{gid} done {step} {}", undone(undo)?),
        Event::Dropped { step } => format!("{gid} dropped {step}"),
        Event::Compensated { step } => format!("{gid} compensated {step}"),
        Event::Committed => format!("{gid} committed"),
        Event::RolledBack => format!("{gid} rolled-back"),
        Event::Left => format!("{gid} left"),
    })
}

fn escaped(name: &str) -> Result<String, Misfit> {
    match name.len() {
        length if length > NAME => Err(Misfit::TooLarge(length, NAME)),
        _ => Ok(utf8_percent_encode(name, KEPT).to_string()),
    }
}

fn undone(undo: &Undo) -> Result<String, Misfit> {
    let length = undo.request.len();
    if length > LARGEST {
        return Err(Misfit::TooLarge(length, LARGEST));
    }
    let mut text = escaped(&undo.path)?;
    text.reserve(1 + 2 * length);
    text.push(' ');
    for byte in &undo.request {
        let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
        text.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    Ok(text)
}

fn parse(text: &str) -> Option<Record> {
    let mut words = text.split(' ');
    let gid = words.next()?.parse().ok()?;
    let event = match words.next()? {
        "begun" => Event::Begun {
            name: unescaped(words.next()?)?,
            on_ambiguous: match words.next()? {
                "compensate" => OnAmbiguous::Compensate,
                "leave" => OnAmbiguous::Leave,
                _ => return None,
            },
        },
        "started" => Event::Started {
            step: words.next()?.parse().ok()?,
            undo: undo(&mut words)?,
        },
        "done" => Event::Done {
            step: words.next()?.parse().ok()?,
            undo: undo(&mut words)?,
        },
        "dropped" => Event::Dropped {
            step: words.next()?.parse().ok()?,
        },
        "compensated" => Event::Compensated {
            step: words.next()?.parse().ok()?,
        },
        "committed" => Event::Committed,
        "rolled-back" => Event::RolledBack,
        "left" => Event::Left,
        _ => return None,
    };
    words.next().is_none().then_some(Record { gid, event })
}

fn unescaped(word: &str) -> Option<String> {
    let name = percent_decode_str(word).decode_utf8().ok()?;
    Some(name.into_owned())
}

fn undo<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Undo> {
    let path = unescaped(words.next()?)?;
    let pairs = words.next()?.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [high, low] => {
            let digit = |digit: &u8| char::from(*digit).to_digit(16);
            u8::try_from(digit(high)? * 16 + digit(low)?).ok()
        }
        _ => None,
    };
    let request: Option<Vec<u8>> = pairs.map(byte).collect();
    let request = request?.into();
    Some(Undo { path, request })
}
