//! What release a call needs: the newest one that brought its method, or a field or enum value that is set in its request.
//!
//! etcd asks its log the same question before it downgrades. The request is read as it was encoded, along the table of
//! [`Ages`]: nothing is decoded, nothing is allocated, and what the table does not name is skipped.

use prost::encoding::{WireType, decode_key, decode_varint};

use crate::call::{Ages, FieldAge, Inside};

/// How deep messages may stand in each other, as in prost.
const DEEPEST: u32 = 100;

/// The place in [`Ages::releases`] of the newest release that a call of a method with this encoded request needs. `None`
/// where the request cannot be read.
pub fn needed(ages: &Ages, method: usize, request: &[u8]) -> Option<usize> {
    let method = ages.methods.get(method)?;
    if method.newest <= method.since {
        return Some(method.since);
    }
    let mut walk = Walk {
        ages,
        needed: method.since,
        newest: method.newest,
    };
    let fields = ages.messages.get(method.request)?;
    match walk.message(&mut &*request, fields, None, DEEPEST) {
        Ok(()) | Err(End::Newest) => Some(walk.needed),
        Err(End::Unreadable) => None,
    }
}

/// Why nothing more is read.
enum End {
    /// There is nothing newer to be found.
    Newest,
    /// This is no protobuf message.
    Unreadable,
}

struct Walk<'a> {
    ages: &'a Ages,
    needed: usize,
    newest: usize,
}

impl Walk<'_> {
    /// Reads the fields of a message, to the end of `bytes` or of the `group` that it is.
    fn message(
        &mut self,
        bytes: &mut &[u8],
        fields: &[FieldAge],
        group: Option<u32>,
        deep: u32,
    ) -> Result<(), End> {
        let deep = deep.checked_sub(1).ok_or(End::Unreadable)?;
        while !bytes.is_empty() {
            let (number, kind) = decode_key(bytes).map_err(|_| End::Unreadable)?;
            if kind == WireType::EndGroup {
                return if group == Some(number) {
                    Ok(())
                } else {
                    Err(End::Unreadable)
                };
            }
            let field = fields.iter().find(|field| field.number == number);
            self.needs(field.map_or(0, |field| field.since))?;
            let inside = field.map_or(Inside::Nothing, |field| field.inside);
            self.value(bytes, kind, inside, (number, deep))?;
        }
        match group {
            None => Ok(()),
            Some(_) => Err(End::Unreadable),
        }
    }

    /// Reads the value of a field.
    fn value(
        &mut self,
        bytes: &mut &[u8],
        kind: WireType,
        inside: Inside,
        (number, deep): (u32, u32),
    ) -> Result<(), End> {
        match (kind, inside) {
            (WireType::Varint, Inside::Enum(values)) => {
                let value = varint(bytes)?;
                self.constant(value, values)
            }
            (WireType::Varint, _) => varint(bytes).map(drop),
            (WireType::SixtyFourBit, _) => take(bytes, 8).map(drop),
            (WireType::ThirtyTwoBit, _) => take(bytes, 4).map(drop),
            (WireType::StartGroup, inside) => {
                let fields = self.fields(inside);
                self.message(bytes, fields, Some(number), deep)
            }
            (WireType::LengthDelimited, inside) => {
                let length = varint(bytes)?;
                let mut value = take(bytes, length)?;
                match inside {
                    Inside::Nothing => Ok(()),
                    Inside::Message(_) => {
                        let fields = self.fields(inside);
                        self.message(&mut value, fields, None, deep)
                    }
                    // Packed.
                    Inside::Enum(values) => {
                        while !value.is_empty() {
                            let number = varint(&mut value)?;
                            self.constant(number, values)?;
                        }
                        Ok(())
                    }
                }
            }
            (WireType::EndGroup, _) => Err(End::Unreadable),
        }
    }

    fn fields(&self, inside: Inside) -> &'static [FieldAge] {
        match inside {
            Inside::Message(message) => {
                self.ages.messages.get(message).copied().unwrap_or_default()
            }
            Inside::Nothing | Inside::Enum(_) => &[],
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "an enum is its low 32 bits, as every decoder has it"
    )]
    fn constant(&mut self, value: u64, values: usize) -> Result<(), End> {
        let values = self.ages.enums.get(values).copied().unwrap_or_default();
        let known = values.iter().find(|(number, _)| *number == value as i32);
        self.needs(known.map_or(0, |(_, since)| *since))
    }

    fn needs(&mut self, release: usize) -> Result<(), End> {
        self.needed = self.needed.max(release);
        match self.needed >= self.newest {
            true => Err(End::Newest),
            false => Ok(()),
        }
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, End> {
    decode_varint(bytes).map_err(|_| End::Unreadable)
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], End> {
    let length = usize::try_from(length).map_err(|_| End::Unreadable)?;
    let (taken, rest) = bytes.split_at_checked(length).ok_or(End::Unreadable)?;
    *bytes = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::call::MethodAge;

    /// A request whose field 2 came second, whose field 3 holds enum values of the first release but for 7, and whose
    /// field 4 is such a request again. Fields 1 and 5 are as old as the service.
    #[derive(Clone, PartialEq, prost::Message)]
    struct Request {
        #[prost(string, tag = "1")]
        title: String,
        #[prost(uint64, tag = "2")]
        rating: u64,
        #[prost(int32, repeated, tag = "3")]
        genres: Vec<i32>,
        #[prost(message, optional, boxed, tag = "4")]
        sequel: Option<Box<Request>>,
        #[prost(btree_map = "string, int32", tag = "5")]
        genres_by_country: BTreeMap<String, i32>,
    }

    const fn field(number: u32, since: usize, inside: Inside) -> FieldAge {
        FieldAge {
            number,
            since,
            inside,
        }
    }

    const fn method(since: usize, newest: usize) -> MethodAge {
        MethodAge {
            since,
            newest,
            request: 0,
        }
    }

    static AGES: Ages = Ages {
        releases: &["1.0.0", "1.4.0", "1.5.0", "1.6.0"],
        methods: &[method(0, 3), method(2, 2), method(2, 3)],
        messages: &[
            &[
                field(2, 2, Inside::Nothing),
                field(3, 0, Inside::Enum(0)),
                field(4, 0, Inside::Message(0)),
                field(5, 0, Inside::Message(1)),
            ],
            &[field(2, 0, Inside::Enum(0))],
        ],
        enums: &[&[(-1, 1), (7, 3)]],
    };

    fn of(method: usize, request: &Request) -> Option<usize> {
        needed(&AGES, method, &prost::Message::encode_to_vec(request))
    }

    #[test]
    fn a_call_that_uses_nothing_new_needs_the_first_release() {
        let title = "an old film".to_owned();
        let genres = vec![1, 2, 3];
        let request = Request {
            title,
            genres,
            ..Request::default()
        };
        assert_eq!(of(0, &request), Some(0));
    }

    #[test]
    fn the_newest_of_all_that_is_set_decides() {
        let rated = Request {
            rating: 5,
            ..Request::default()
        };
        assert_eq!(of(0, &rated), Some(2));
        // Packed, or in a map; a negative value has ten bytes.
        let genres = |genres| Request {
            genres,
            ..Request::default()
        };
        assert_eq!(of(0, &genres(vec![1, -1, 2])), Some(1));
        assert_eq!(of(0, &genres(vec![1, -1, 7])), Some(3));
        let mut mapped = genres(vec![-1]);
        mapped.genres_by_country.insert("ZA".to_owned(), 7);
        assert_eq!(of(0, &mapped), Some(3));
        // However deep.
        let deep = (0..50).fold(rated, |inner, _| Request {
            sequel: Some(Box::new(inner)),
            ..Request::default()
        });
        assert_eq!(of(0, &deep), Some(2));
    }

    #[test]
    fn a_method_is_as_new_as_it_is_whatever_it_is_asked() {
        assert_eq!(of(1, &Request::default()), Some(2));
        assert_eq!(of(2, &Request::default()), Some(2));
        // Nothing newer can be in it: it is not even read.
        assert_eq!(needed(&AGES, 1, b"\xff"), Some(2));
        assert_eq!(needed(&AGES, 3, b""), None);
    }

    #[test]
    fn a_group_is_read_as_a_message() {
        // Field 4 as a group that holds field 2, then field 3 not packed.
        assert_eq!(needed(&AGES, 0, &[0x23, 0x10, 1, 0x24]), Some(2));
        assert_eq!(needed(&AGES, 0, &[0x23, 0x24, 0x18, 7]), Some(3));
        for unbalanced in [&[0x23, 0x08, 1][..], &[0x24], &[0x23, 0x2c]] {
            assert_eq!(needed(&AGES, 0, unbalanced), None, "{unbalanced:?}");
        }
    }

    #[test]
    fn what_is_no_message_or_too_deep_is_not_read() {
        for bad in [
            &[0x0a, 0x05, b'a'][..],
            &[0x0a],
            &[0x00],
            &[0xff; 20],
            &[0x0f],
            &[0x09, 0],
        ] {
            assert_eq!(needed(&AGES, 0, bad), None, "{bad:?}");
        }
        let endless = vec![0x23; 1 << 20];
        assert_eq!(needed(&AGES, 0, &endless), None);
        let lengths = (0..200).fold(Vec::new(), |inner: Vec<u8>, _| {
            let mut outer = vec![0x22];
            prost::encoding::encode_varint(inner.len() as u64, &mut outer);
            outer.extend(inner);
            outer
        });
        assert_eq!(needed(&AGES, 0, &lengths), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_have_an_answer(bytes: Vec<u8>) {
            let answer = needed(&AGES, 0, &bytes);
            proptest::prop_assert!(answer.is_none_or(|needed| needed <= 3));
        }
    }
}
