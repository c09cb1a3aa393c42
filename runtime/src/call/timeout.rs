//! The codec of `grpc-timeout`: one to eight digits and a unit.

use std::time::Duration;

use http::HeaderValue;

/// A `grpc-timeout` that is not one to eight digits and one of `HMSmun`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed grpc-timeout `{0}`; expected one to eight digits and one of H, M, S, m, u, n")]
pub struct Malformed(String);

/// What eight digits can count up to.
const MOST: u128 = 99_999_999;

/// The units, finest first, with their nanoseconds.
const UNITS: [(char, u128); 6] = [
    ('n', 1),
    ('u', 1_000),
    ('m', 1_000_000),
    ('S', 1_000_000_000),
    ('M', 60_000_000_000),
    ('H', 3_600_000_000_000),
];

/// Writes the remaining time in the finest unit that fits, rounded down so that no hop gains time, and never as nothing.
///
/// `None` if it is longer than the header can say, which is as good as no deadline.
pub fn encode(remaining: Duration) -> Option<HeaderValue> {
    let nanos = remaining.as_nanos().max(1);
    let (unit, scale) = UNITS.iter().find(|(_, scale)| nanos / scale <= MOST)?;
    let mut text = [0; 9];
    let written = {
        use std::io::Write;
        let mut rest = &mut text[..];
        // Nine bytes hold eight digits and a unit.
        write!(rest, "{}{unit}", nanos / scale).ok()?;
        9 - rest.len()
    };
    HeaderValue::from_bytes(&text[..written]).ok()
}

/// Reads the header strictly: no sign, no space, no more than eight digits.
///
/// # Errors
/// If it is anything else.
pub fn decode(value: &HeaderValue) -> Result<Duration, Malformed> {
    read(value.as_bytes()).ok_or_else(|| {
        let text = String::from_utf8_lossy(value.as_bytes());
        Malformed(text.chars().take(32).collect())
    })
}

fn read(text: &[u8]) -> Option<Duration> {
    let (unit, digits) = text.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count = digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'n' => Duration::from_nanos(count),
        b'u' => Duration::from_micros(count),
        b'm' => Duration::from_millis(count),
        b'S' => Duration::from_secs(count),
        b'M' => Duration::from_secs(count * 60),
        b'H' => Duration::from_secs(count * 3_600),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(text: &str) -> Result<Duration, Malformed> {
        decode(&HeaderValue::from_bytes(text.as_bytes()).unwrap())
    }

    /// grpc-go `TestDecodeTimeout`.
    #[test]
    fn reads_what_the_protocol_allows() {
        assert_eq!(decoded("00000001n"), Ok(Duration::from_nanos(1)));
        assert_eq!(decoded("0S"), Ok(Duration::ZERO));
        assert_eq!(decoded("10M"), Ok(Duration::from_secs(600)));
        assert_eq!(decoded("10m"), Ok(Duration::from_millis(10)));
        // More than 64 bits of nanoseconds, which some must clamp.
        assert_eq!(
            decoded("2562048H"),
            Ok(Duration::from_secs(2_562_048 * 3_600))
        );
        assert_eq!(
            decoded("99999999H"),
            Ok(Duration::from_secs(99_999_999 * 3_600))
        );
    }

    /// Of one unit, the highest count, and one more in the next.
    #[test]
    fn every_unit_counts_to_99_999_999_and_gives_way_to_the_next() {
        let written = |nanos: u128| {
            let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            let seconds = u64::try_from(seconds).unwrap();
            encode(Duration::new(seconds, u32::try_from(rest).unwrap()))
        };
        for (index, (unit, scale)) in UNITS.into_iter().enumerate() {
            let full = written(MOST * scale).unwrap();
            assert_eq!(full, format!("99999999{unit}"));
            assert_eq!(
                u128::from(decode(&full).unwrap().as_secs()),
                MOST * scale / 1_000_000_000
            );
            let more = written((MOST + 1) * scale);
            match UNITS.get(index + 1) {
                Some((next, coarser)) => {
                    let count = (MOST + 1) * scale / coarser;
                    assert_eq!(more.unwrap(), format!("{count}{next}"));
                }
                None => assert_eq!(more, None),
            }
        }
    }

    /// grpc-dotnet `AsyncUnaryCall_SetSecondDeadline_RequestMessageContainsDeadlineHeader`, in microseconds instead of seconds.
    /// grpc-dotnet `AsyncUnaryCall_SetVeryLargeDeadline_MaximumDeadlineTimeoutSent`, in hours instead of clamped to seconds.
    #[test]
    fn says_a_second_and_two_thousand_years() {
        assert_eq!(encode(Duration::from_secs(1)).unwrap(), "1000000u");
        let years = Duration::from_secs(2_000 * 365 * 24 * 3_600);
        assert_eq!(encode(years).unwrap(), "17520000H");
    }

    /// grpc-go `TestDecodeTimeout`.
    /// Seen in tonic (a sign is read).
    #[test]
    fn refuses_everything_else() {
        for bad in [
            "",
            "1",
            "S",
            "-1S",
            "٣S",
            "+5S",
            "1234x",
            "1234s",
            "9a1S",
            "123456789S",
            " 1S",
            "1S ",
            "1 S",
            "１S",
            "1.5S",
        ] {
            assert!(decoded(bad).is_err(), "{bad}");
        }
    }

    /// grpc-go `TestEncodeDuration`, rounded down instead of up.
    /// Seen in tonic (a huge timeout panics).
    #[test]
    fn writes_the_finest_unit_that_fits() {
        let written = |nanos| encode(Duration::from_nanos(nanos)).unwrap();
        assert_eq!(written(0), "1n");
        assert_eq!(written(12_345_678), "12345678n");
        assert_eq!(written(99_999_999), "99999999n");
        assert_eq!(written(100_000_000), "100000u");
        assert_eq!(written(123_456_789_000), "123456m");
        // No panic, however long.
        assert_eq!(encode(Duration::MAX), None);
        assert_eq!(
            encode(Duration::from_secs(99_999_999 * 3_600)).unwrap(),
            "99999999H"
        );
    }

    proptest! {
        #[test]
        fn a_hop_never_gains_time_and_loses_less_than_a_unit(nanos in 1_u64.., shift in 0..64_u32) {
            let sent = Duration::from_nanos((nanos >> shift).max(1));
            let got = decode(&encode(sent).unwrap()).unwrap();
            prop_assert!(got <= sent);
            // A unit is left for the next when there are 100 million of it, which are 100,000 of the next at least.
            prop_assert!((sent - got).as_nanos() * 100_000 <= sent.as_nanos());
        }
    }
}
