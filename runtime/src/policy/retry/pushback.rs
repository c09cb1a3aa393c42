//! What a server says about the next attempt, in `grpc-retry-pushback-ms`.

use std::time::Duration;

use tonic::Status;

use crate::call::headers::PUSHBACK;

/// What a server said about the next attempt (gRFC A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushback {
    /// Nothing.
    Unsaid,
    /// Come back after exactly this time.
    After(Duration),
    /// Do not come back. Also what is said by a negative number, by text that is no number, and by several values.
    Stop,
}

impl Pushback {
    /// What came with `status`.
    pub fn of(status: &Status) -> Self {
        if status.metadata().is_empty() {
            return Self::Unsaid;
        }
        let mut values = status.metadata().as_ref().get_all(PUSHBACK).iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Unsaid,
            (Some(value), None) => Self::read(value.as_bytes()),
            (Some(_), Some(_)) => Self::Stop,
        }
    }

    /// Reads one value: a signed number of 32 bits in ASCII digits, without needless zeros, in milliseconds.
    pub fn read(value: &[u8]) -> Self {
        // No sign and no needless zero; that digits follow is for the number to say.
        let digits = match value {
            [b'0'] | [b'1'..=b'9', ..] => value,
            _ => return Self::Stop,
        };
        let number = std::str::from_utf8(digits)
            .ok()
            .and_then(|text| text.parse::<i32>().ok());
        match number.and_then(|number| u64::try_from(number).ok()) {
            Some(millis) => Self::After(Duration::from_millis(millis)),
            None => Self::Stop,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;
    use tonic::{Code, metadata::MetadataMap};

    use super::*;

    #[test]
    fn a_number_of_milliseconds_is_a_time_to_come_back() {
        let after = |millis| Pushback::After(Duration::from_millis(millis));
        assert_eq!(Pushback::read(b"0"), after(0));
        assert_eq!(Pushback::read(b"10"), after(10));
        assert_eq!(Pushback::read(b"2147483647"), after(2_147_483_647));
    }

    /// C-core `retry_server_pushback_disabled`.
    #[test]
    fn whatever_else_is_there_means_do_not_come_back() {
        let hostile: [&[u8]; 13] = [
            b"",
            b"-1",
            b"-0",
            b"+5",
            b"007",
            b"1.5",
            b" 1",
            b"1 ",
            b"1+5",
            b"2147483648",
            b"99999999999999999999999",
            b"soon",
            "\u{661}".as_bytes(),
        ];
        for value in hostile {
            assert_eq!(Pushback::read(value), Pushback::Stop, "{value:?}");
        }
    }

    #[test]
    fn several_values_mean_do_not_come_back() {
        let said = |values: &[&'static str]| {
            let entry = |value: &&'static str| (PUSHBACK, HeaderValue::from_static(value));
            let mut map = HeaderMap::new();
            for (name, value) in values.iter().map(entry) {
                map.append(name, value);
            }
            let metadata = MetadataMap::from_headers(map);
            Pushback::of(&Status::with_metadata(Code::Unavailable, "", metadata))
        };
        assert_eq!(said(&[]), Pushback::Unsaid);
        assert_eq!(said(&["10"]), Pushback::After(Duration::from_millis(10)));
        assert_eq!(said(&["10", "10"]), Pushback::Stop);
    }

    proptest! {
        #[test]
        fn every_number_of_31_bits_is_read_back(millis in 0_i32..) {
            let after = Pushback::After(Duration::from_millis(millis as u64));
            prop_assert_eq!(Pushback::read(millis.to_string().as_bytes()), after);
        }

        #[test]
        fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..16)) {
            let _ = Pushback::read(&bytes);
        }
    }
}
