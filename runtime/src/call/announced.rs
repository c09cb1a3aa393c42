//! What the other end says of its release, whatever it put there.

use http::{HeaderMap, HeaderName, HeaderValue};
use semver::Version;

use super::{
    Minimum, ReleaseError, Said,
    headers::{MIN, VERSION},
    release::{parse_version, shown},
};

/// A release and the least release of the other end it goes with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The release.
    pub version: Version,
    /// The least of the other end.
    pub min: Minimum,
}

/// What the other end said, or what is to be said to it.
#[derive(Debug, Clone, Default)]
pub enum Announced {
    /// Nothing.
    #[default]
    Unsaid,
    /// What this end says of itself.
    Own(&'static Said),
    /// What the other end said. Boxed, because every call and reply carries this about.
    Peer(Box<Range>),
    /// What the other end said makes no sense; the text of it.
    Malformed(Box<String>),
}

// === Announced ===

impl Announced {
    /// Reads what a peer said. Whatever it put there, no more is kept of it than a version takes.
    pub fn read(headers: &HeaderMap) -> Self {
        match Range::read(headers) {
            Ok(None) => Self::Unsaid,
            Ok(Some(range)) => Self::Peer(Box::new(range)),
            Err(error) => Self::Malformed(Box::new(error.to_string())),
        }
    }

    /// The range, if there is one that makes sense.
    #[inline]
    pub fn range(&self) -> Option<&Range> {
        match self {
            Self::Own(said) => Some(&said.range),
            Self::Peer(range) => Some(range),
            Self::Unsaid | Self::Malformed(_) => None,
        }
    }
}

impl Range {
    fn read(headers: &HeaderMap) -> Result<Option<Self>, ReleaseError> {
        let (version, min) = (only(headers, &VERSION)?, only(headers, &MIN)?);
        let Some(version) = version else {
            return match min {
                None => Ok(None),
                Some(_) => Err(ReleaseError::Alone),
            };
        };
        let version = parse_version(text(version).map_err(ReleaseError::Version)?)?;
        let min = match min {
            None => Minimum::of(&version),
            Some(min) => text(min).map_err(ReleaseError::Minimum)?.parse()?,
        };
        Ok(Some(Self { version, min }))
    }
}

/// The one value of a header.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, ReleaseError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(ReleaseError::Twice(name.clone())),
    }
}

/// The text of a header; what is shown of it where it is none.
fn text(value: &HeaderValue) -> Result<&str, String> {
    value.to_str().map_err(|_| shown(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{super::release::LONGEST, *};

    fn minimum(text: &str) -> Minimum {
        text.parse().unwrap()
    }

    /// What is read of a head with these values.
    fn read(versions: &[&[u8]], mins: &[&[u8]]) -> Announced {
        let mut headers = HeaderMap::new();
        for (name, values) in [(VERSION, versions), (MIN, mins)] {
            for value in values {
                headers.append(&name, HeaderValue::from_bytes(value).unwrap());
            }
        }
        Announced::read(&headers)
    }

    #[track_caller]
    fn malformed(read: &Announced) -> &str {
        match read {
            Announced::Malformed(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_peer_says_is_checked() {
        for bad in [
            "",
            "1",
            "1.4",
            "v1.4.2",
            "1.4.2.1",
            "01.2.3",
            " 1.2.3",
            "1.-2.3",
            "+1.2.3",
            "1.2.3-",
            "1..3",
            "1.2.3-01",
            "18446744073709551616.0.0",
            "1.0.99999999999999999999",
            "....",
            "1.4.2, 1.4.2",
            "\u{661}.2.3",
        ] {
            malformed(&read(&[bad.as_bytes()], &[]));
        }
        for bad in [
            "",
            "1",
            "1.",
            "1.+4",
            "1.4.2",
            "a.b",
            "01.4",
            "1.04",
            ".",
            "1.18446744073709551616",
            "1.4 ",
        ] {
            malformed(&read(&[b"1.4.2"], &[bad.as_bytes()]));
        }
        assert!(matches!(read(&[], &[]), Announced::Unsaid));
        let largest = read(&[b"18446744073709551615.18446744073709551615.0"], &[b"0.0"]);
        assert_eq!(largest.range().unwrap().min, minimum("0.0"));
    }

    #[test]
    fn what_is_said_twice_or_by_halves_is_not_believed() {
        assert_eq!(
            malformed(&read(&[b"1.4.2", b"1.4.2"], &[])),
            "x-api-version was sent more than once"
        );
        assert_eq!(
            malformed(&read(&[b"1.4.2"], &[b"1.4", b"1.2"])),
            "x-api-min was sent more than once"
        );
        assert_eq!(
            malformed(&read(&[], &[b"1.4"])),
            "x-api-min was sent without x-api-version"
        );
    }

    #[test]
    fn no_more_is_kept_of_a_header_than_a_version_takes() {
        let long = |byte: &str| byte.repeat(64 << 10).into_bytes();
        for hostile in [
            long("."),
            long("9"),
            long("1."),
            long("\u{fc}"),
            [b"1.0.0-".to_vec(), long("a")].concat(),
        ] {
            let kept = malformed(&read(&[&hostile], &[])).len();
            assert!(kept < 3 * LONGEST + 64, "{kept}");
            let kept = malformed(&read(&[b"1.4.2"], &[&hostile])).len();
            assert!(kept < 3 * LONGEST + 64, "{kept}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_head_is_read_without_panic(version: Vec<u8>, min: Vec<u8>) {
            let value = |bytes: &[u8]| HeaderValue::from_bytes(bytes).ok();
            let values = [(VERSION, value(&version)), (MIN, value(&min))];
            let values = values.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let read = Announced::read(&values.collect());
            if let Some(range) = read.range() {
                proptest::prop_assert_eq!(&range.version.to_string(), std::str::from_utf8(&version).unwrap());
            }
        }
    }
}
