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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::saga::Gid;

    fn event() -> impl Strategy<Value = Event> {
        let undo = || {
            let request = prop::collection::vec(any::<u8>(), 0..64);
            let undo = (".*", request).prop_map(|(path, request)| Undo {
                path,
                request: request.into(),
            });
            (any::<u32>(), undo)
        };
        prop_oneof![
            (".*", any::<bool>()).prop_map(|(name, leave)| Event::Begun {
                name,
                on_ambiguous: match leave {
                    true => OnAmbiguous::Leave,
                    false => OnAmbiguous::Compensate,
                },
            }),
            undo().prop_map(|(step, undo)| Event::Started { step, undo }),
            undo().prop_map(|(step, undo)| Event::Done { step, undo }),
            any::<u32>().prop_map(|step| Event::Dropped { step }),
            any::<u32>().prop_map(|step| Event::Compensated { step }),
            Just(Event::Committed),
            Just(Event::RolledBack),
            Just(Event::Left),
        ]
    }

    proptest! {
        #[test]
        fn a_record_comes_back_from_one_line_without_a_zero_byte(event in event()) {
            let record = Record { gid: Gid::unique(), event };
            let mut line = Vec::new();
            write(&record, &mut line).unwrap();
            prop_assert_eq!(line.pop(), Some(b'\n'));
            prop_assert!(!line.contains(&b'\n') && !line.contains(&0));
            prop_assert_eq!(read(&line), Ok(record));
        }

        #[test]
        fn a_line_of_which_one_bit_is_another_is_told_for_it(event in event(), at: prop::sample::Index, bit in 0..8) {
            let mut line = Vec::new();
            write(&Record { gid: Gid::unique(), event }, &mut line).unwrap();
            line.pop();
            let index = at.index(line.len());
            line[index] ^= 1_u8 << bit;
            prop_assert_eq!(read(&line), Err(Misread::Checksum));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[a-z0-9/ %-]{0,80}") {
            prop_assert!(read(&bytes).is_err());
            // With the right checksum, too.
            let line = format!("{:08x} {text}", crc32fast::hash(text.as_bytes()));
            let _ = read(line.as_bytes());
        }
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let request = vec![0; LARGEST + 1].into();
        let undo = Undo {
            path: "/a/b".to_owned(),
            request,
        };
        let event = Event::Started { step: 1, undo };
        let record = Record {
            gid: Gid::unique(),
            event,
        };
        let mut line = Vec::new();
        assert!(matches!(
            write(&record, &mut line),
            Err(Misfit::TooLarge(..))
        ));
        assert!(line.is_empty());
    }
}
