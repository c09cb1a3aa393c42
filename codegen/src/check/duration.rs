//! Durations as contracts write them: `"250ms"`, `"1.5s"`, `"2m"`.

use std::time::Duration;

/// The units, longest name first so that `ms` is not read as `m`, and their nanoseconds.
const UNITS: [(&str, u128); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The longest duration that a `grpc-timeout` header can carry: 99999999 hours.
const LONGEST: u128 = 99_999_999 * 3_600_000_000_000;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    /// No unit at the end.
    #[error("no unit")]
    NoUnit,
    /// Something else at the end.
    #[error("unknown unit `{0}`")]
    UnknownUnit(String),
    /// What stands before the unit is not a plain decimal number.
    #[error("`{0}` is not a number")]
    NotANumber(String),
    /// More digits than there are nanoseconds.
    #[error("finer than a nanosecond")]
    TooFine,
    /// Longer than anything that could be sent.
    #[error("longer than 99999999 hours")]
    TooLong,
}

/// Reads a number and a unit.
///
/// # Errors
/// If it is anything else, or finer or longer than a duration can be.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let split = text.find(|c: char| c.is_ascii_alphabetic() || !c.is_ascii());
    let (number, unit) = text.split_at(split.unwrap_or(text.len()));
    let nanos_of = UNITS.iter().find(|(name, _)| *name == unit);
    let (_, nanos_of) = match nanos_of {
        Some(found) => found,
        None if unit.is_empty() => return Err(DurationError::NoUnit),
        None => return Err(DurationError::UnknownUnit(unit.to_owned())),
    };
    let nanos = decimal(number, *nanos_of)?;
    if nanos > LONGEST {
        return Err(DurationError::TooLong);
    }
    let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    match (u64::try_from(seconds), u32::try_from(rest)) {
        (Ok(seconds), Ok(rest)) => Ok(Duration::new(seconds, rest)),
        _ => Err(DurationError::TooLong),
    }
}

/// `1.5` of something that has so many nanoseconds, exactly.
fn decimal(number: &str, nanos_of: u128) -> Result<u128, DurationError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(DurationError::NotANumber(number.to_owned()));
    }
    let whole: u128 = whole.parse().map_err(|_| DurationError::TooLong)?;
    let whole = whole.checked_mul(nanos_of).ok_or(DurationError::TooLong)?;

    let fraction = fraction.trim_end_matches('0');
    let scale = u32::try_from(fraction.len())
        .ok()
        .and_then(|places| 10_u128.checked_pow(places))
        .ok_or(DurationError::TooFine)?;
    let fraction: u128 = match fraction {
        "" => 0,
        digits => digits.parse().map_err(|_| DurationError::TooFine)?,
    };
    let part = fraction
        .checked_mul(nanos_of)
        .ok_or(DurationError::TooFine)?;
    if part % scale != 0 {
        return Err(DurationError::TooFine);
    }
    whole
        .checked_add(part / scale)
        .ok_or(DurationError::TooLong)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{DurationError, parse};

    #[test]
    fn reads_numbers_with_units() {
        for (text, expected) in [
            ("250ms", Duration::from_millis(250)),
            ("1.5s", Duration::from_millis(1500)),
            ("0.25s", Duration::from_millis(250)),
            ("2m", Duration::from_secs(120)),
            ("1h", Duration::from_secs(3600)),
            ("7us", Duration::from_micros(7)),
            ("9ns", Duration::from_nanos(9)),
            ("0s", Duration::ZERO),
            ("1.000000000000000000000s", Duration::from_secs(1)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_anything_else() {
        let unknown = |unit: &str| DurationError::UnknownUnit(unit.to_owned());
        let not = |number: &str| DurationError::NotANumber(number.to_owned());
        for (text, expected) in [
            ("250", DurationError::NoUnit),
            ("", DurationError::NoUnit),
            ("250mss", unknown("mss")),
            ("1d", unknown("d")),
            ("1µs", unknown("µs")),
            ("ms", not("")),
            ("-1s", not("-1")),
            ("1.s", not("1.")),
            (".5s", not(".5")),
            ("1 s", not("1 ")),
            ("1e3s", unknown("e3s")),
            ("0.5ns", DurationError::TooFine),
            ("100000000h", DurationError::TooLong),
            (
                "99999999999999999999999999999999999999999h",
                DurationError::TooLong,
            ),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }
}
