//! Durations as proto3's JSON has them: seconds with up to nine digits after the point, and an `s`.

use std::time::Duration;

/// The longest that a `google.protobuf.Duration` can be, in seconds: about 10,000 years.
const LONGEST: u64 = 315_576_000_000;

/// Why a text is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum DurationError {
    /// It is none.
    #[error(r#"it must be a duration in seconds with an `s`, such as "0.5s""#)]
    Malformed,
    /// It is below zero.
    #[error("it must not be negative")]
    Negative,
    /// It has too many digits.
    #[error("it must have at most nine digits after the point, which are nanoseconds")]
    TooFine,
    /// It is longer than protobuf can say.
    #[error("it must be at most 315576000000s, which is 10,000 years")]
    TooLong,
}

/// Reads a duration.
pub(super) fn read(text: &str) -> Result<Duration, DurationError> {
    let number = text.strip_suffix('s').ok_or(DurationError::Malformed)?;
    let positive = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = match positive.split_once('.') {
        Some((whole, fraction)) if digits(fraction) => (whole, fraction),
        Some(_) => return Err(DurationError::Malformed),
        None => (positive, ""),
    };
    if !digits(whole) {
        return Err(DurationError::Malformed);
    }
    if fraction.len() > 9 {
        return Err(DurationError::TooFine);
    }
    // Digits that are no number are too many.
    let seconds: u64 = whole.parse().map_err(|_| DurationError::TooLong)?;
    let nanos: u32 = format!("{fraction:0<9}").parse().unwrap_or_default();
    let duration = Duration::new(seconds, nanos);
    if duration > Duration::from_secs(LONGEST) {
        return Err(DurationError::TooLong);
    }
    if number.len() != positive.len() && !duration.is_zero() {
        return Err(DurationError::Negative);
    }
    Ok(duration)
}

/// Writes a duration, without digits that say nothing.
pub(super) fn write(duration: Duration) -> String {
    let duration = duration.min(Duration::from_secs(LONGEST));
    let whole = duration.as_secs();
    match duration.subsec_nanos() {
        0 => format!("{whole}s"),
        nanos => {
            let fraction = format!("{nanos:09}");
            format!("{whole}.{}s", fraction.trim_end_matches('0'))
        }
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_to_the_nanosecond() {
        for (text, nanos) in [
            ("1s", 1_000_000_000),
            ("0s", 0),
            ("-0s", 0),
            ("0.000000001s", 1),
            ("1.50s", 1_500_000_000),
            ("0.250s", 250_000_000),
            ("007s", 7_000_000_000),
        ] {
            assert_eq!(read(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
        let longest = Duration::from_secs(LONGEST);
        assert_eq!(read("315576000000s"), Ok(longest));
        assert_eq!(write(longest), "315576000000s");
        assert_eq!(write(Duration::from_micros(50_300)), "0.0503s");
        assert_eq!(write(Duration::MAX), "315576000000s");
    }

    /// grpc-java `ServiceConfigUtilTest`.
    /// grpc-go `TestUnmarshalJSON`.
    #[test]
    fn whatever_else_it_is_is_refused() {
        for (text, error) in [
            ("", DurationError::Malformed),
            ("s", DurationError::Malformed),
            ("1", DurationError::Malformed),
            ("1m", DurationError::Malformed),
            ("250ms", DurationError::Malformed),
            (" 1s", DurationError::Malformed),
            ("1 s", DurationError::Malformed),
            ("1.s", DurationError::Malformed),
            (".5s", DurationError::Malformed),
            ("1e3s", DurationError::Malformed),
            ("+1s", DurationError::Malformed),
            ("--1s", DurationError::Malformed),
            ("１s", DurationError::Malformed),
            ("NaNs", DurationError::Malformed),
            ("-1s", DurationError::Negative),
            ("-0.000000001s", DurationError::Negative),
            ("0.0000000001s", DurationError::TooFine),
            ("315576000000.000000001s", DurationError::TooLong),
            ("99999999999999999999999s", DurationError::TooLong),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }
}
