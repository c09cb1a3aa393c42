//! What this end says of the release it was built from: `x-api-version` and `x-api-min`.

use std::fmt;

use http::{HeaderName, HeaderValue};
use semver::{BuildMetadata, Version};
use tonic::metadata::MetadataMap;

use super::{
    CrossMajor, Range,
    headers::{self, MIN, VERSION},
};

/// MAJOR.MINOR: the least release of the other end that one can live with. PATCH never decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minimum {
    /// MAJOR.
    pub major: u64,
    /// MINOR.
    pub minor: u64,
}

/// What a contract says of its release, as text. What is empty is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declared<'a> {
    /// MAJOR.MINOR.PATCH.
    pub version: &'a str,
    /// The least client, as MAJOR.MINOR.
    pub accepts: &'a str,
    /// The oldest release with the same wire, as MAJOR.MINOR.PATCH.
    pub wire_since: &'a str,
    /// What its messages and methods look like, as eight hexadecimal digits.
    pub schema: &'a str,
    /// How far back the least client may be, where `accepts` does not say it.
    pub cross_major: CrossMajor,
    /// The first release that is known and those that brought what a call may use, MAJOR.MINOR.PATCH, oldest first.
    pub releases: &'a [&'a str],
}

/// What one end says, ready to be written.
#[derive(Debug)]
pub struct Said {
    /// Its range.
    pub range: Range,
    /// `x-api-version`.
    pub version: HeaderValue,
    /// `x-api-min`.
    pub min: HeaderValue,
}

/// A service's release, as its client and as its server announce it.
#[derive(Debug)]
pub struct Release {
    /// What a client says: a server of its own MAJOR.MINOR at least.
    pub client: Said,
    /// What a server says: the declared `accepts`, or the first release of its MAJOR that has the same wire.
    pub server: Said,
    /// What a client says whose call uses nothing newer than each of the [`releases`](super::Ages::releases).
    pub older: Box<[Said]>,
}

/// A version that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// Not MAJOR.MINOR.PATCH.
    #[error("`{0}` is not MAJOR.MINOR.PATCH, such as 1.4.2")]
    Version(String),
    /// Not MAJOR.MINOR.
    #[error("`{0}` is not MAJOR.MINOR, such as 1.4")]
    Minimum(String),
    /// Said more than once.
    #[error("{0} was sent more than once")]
    Twice(HeaderName),
    /// A minimum of nobody knows whom.
    #[error("{MIN} was sent without {VERSION}")]
    Alone,
}

/// The longest version text that is read; a peer's header may be of any length.
pub(super) const LONGEST: usize = 128;

// === Release ===

impl Release {
    /// Reads a contract's `version` and `accepts`, which may be empty.
    ///
    /// # Errors
    /// If either is not what it should be.
    pub fn parse(version: &str, accepts: &str) -> Result<Self, ReleaseError> {
        Self::of(&Declared {
            version,
            accepts,
            ..Declared::default()
        })
    }

    /// Reads what a contract says.
    ///
    /// # Errors
    /// If any of it is not what it should be.
    pub fn of(declared: &Declared<'_>) -> Result<Self, ReleaseError> {
        let mut version = parse_version(declared.version)?;
        if !version.pre.is_empty() && !declared.schema.is_empty() {
            // Prereleases may break each other at every step; those that did not are known by this.
            let schema = BuildMetadata::new(declared.schema);
            version.build =
                schema.map_err(|_| ReleaseError::Version(declared.schema.to_owned()))?;
        }
        let floor = declared.floor(&version)?;
        Ok(Self {
            older: declared.older(&version)?,
            client: Said::new(version.clone(), Minimum::of(&version))?,
            server: Said::new(version, floor)?,
        })
    }
}

impl Declared<'_> {
    /// What a client of `version` says that needs no more than one of the releases. Before the last break on the wire there
    /// is no server for it; what was there before the first release that is known, nobody knows.
    fn older(&self, version: &Version) -> Result<Box<[Said]>, ReleaseError> {
        let floor = Declared {
            accepts: "",
            cross_major: CrossMajor::Refuse,
            ..*self
        };
        let floor = floor.floor(version)?;
        let needed = self.releases.iter().map(|release| {
            let release = Minimum::of(&parse_version(release)?);
            Ok(release.clamp(floor, Minimum::of(version)))
        });
        needed.map(|min| Said::new(version.clone(), min?)).collect()
    }

    /// The least client of a server of `version`.
    fn floor(&self, version: &Version) -> Result<Minimum, ReleaseError> {
        if !self.accepts.is_empty() {
            return self.accepts.parse();
        }
        let line = Minimum::line(version);
        if self.wire_since.is_empty() {
            return Ok(line);
        }
        let wire = parse_version(self.wire_since)?;
        let wire = Minimum::of(&wire).min(Minimum::of(version));
        Ok(match self.cross_major {
            CrossMajor::Refuse => line.max(wire),
            CrossMajor::Wire => wire,
        })
    }
}

impl Said {
    fn new(version: Version, min: Minimum) -> Result<Self, ReleaseError> {
        let value =
            |text: String| HeaderValue::try_from(&text).map_err(|_| ReleaseError::Version(text));
        Ok(Self {
            version: value(version.to_string())?,
            min: value(min.to_string())?,
            range: Range { version, min },
        })
    }

    /// Says it in the metadata of a status.
    pub fn put_into(&self, metadata: &mut MetadataMap) {
        headers::insert(metadata, VERSION, self.version.clone());
        headers::insert(metadata, MIN, self.min.clone());
    }
}

/// What a peer wrote, as much of it as could be a version.
pub(super) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(LONGEST)]).into_owned()
}

pub(super) fn parse_version(text: &str) -> Result<Version, ReleaseError> {
    let parsed = (text.len() <= LONGEST).then(|| Version::parse(text).ok());
    let wrong = || ReleaseError::Version(shown(text.as_bytes()));
    parsed.flatten().ok_or_else(wrong)
}

// === Minimum ===

impl Minimum {
    /// MAJOR.MINOR of `version`.
    pub fn of(version: &Version) -> Self {
        Self {
            major: version.major,
            minor: version.minor,
        }
    }

    /// The first release that `version` is compatible with by number alone.
    pub fn line(version: &Version) -> Self {
        Self {
            major: version.major,
            // Below 1.0 the second number plays the first one's part.
            minor: if version.major == 0 { version.minor } else { 0 },
        }
    }
}

impl std::str::FromStr for Minimum {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        let number = |text: &str| -> Option<u64> {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let canonical = text == "0" || !text.starts_with('0');
            (digits && canonical).then(|| text.parse().ok()).flatten()
        };
        let parsed = text.split_once('.').and_then(|(major, minor)| {
            Some(Self {
                major: number(major)?,
                minor: number(minor)?,
            })
        });
        parsed.ok_or_else(|| ReleaseError::Minimum(shown(text.as_bytes())))
    }
}

impl fmt::Display for Minimum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimum(text: &str) -> Minimum {
        text.parse().unwrap()
    }

    #[test]
    fn a_client_asks_for_its_own_minor_and_a_server_serves_its_major() {
        let release = Release::parse("1.4.2", "").unwrap();
        assert_eq!(release.client.range.min, minimum("1.4"));
        assert_eq!(release.server.range.min, minimum("1.0"));
        assert_eq!(release.client.version, "1.4.2");
        assert_eq!(release.server.min, "1.0");
    }

    #[test]
    fn below_one_the_minor_is_the_floor() {
        let release = Release::parse("0.3.1", "").unwrap();
        assert_eq!(release.server.range.min, minimum("0.3"));
    }

    #[test]
    fn accepts_is_what_the_server_says() {
        let release = Release::parse("1.4.2", "1.2").unwrap();
        assert_eq!(release.server.min, "1.2");
        assert_eq!(release.client.min, "1.4");
    }

    #[test]
    fn a_break_on_the_wire_moves_the_oldest_client_up_and_only_if_told_so_down() {
        let floor = |version, wire_since, cross_major| {
            let declared = Declared {
                version,
                wire_since,
                cross_major,
                ..Declared::default()
            };
            let server = Release::of(&declared).unwrap().server;
            server.range.min.to_string()
        };
        // Accepted as a break within the line: clients from before it are not served.
        assert_eq!(floor("1.4.2", "1.2.0", CrossMajor::Refuse), "1.2");
        assert_eq!(floor("0.4.2", "0.4.1", CrossMajor::Refuse), "0.4");
        // The major moved and the wire did not.
        assert_eq!(floor("2.1.0", "1.2.0", CrossMajor::Refuse), "2.0");
        assert_eq!(floor("2.1.0", "1.2.0", CrossMajor::Wire), "1.2");
        assert_eq!(floor("0.4.0", "0.2.0", CrossMajor::Wire), "0.2");
        // Nothing is known, or the history is ahead of the contract.
        assert_eq!(floor("2.1.0", "", CrossMajor::Wire), "2.0");
        assert_eq!(floor("2.1.0", "3.0.0", CrossMajor::Wire), "2.1");
    }

    #[test]
    fn a_declared_floor_wins_over_what_was_derived() {
        let declared = Declared {
            version: "2.1.0",
            accepts: "1.9",
            wire_since: "1.2.0",
            cross_major: CrossMajor::Wire,
            ..Declared::default()
        };
        assert_eq!(Release::of(&declared).unwrap().server.min, "1.9");
    }

    #[test]
    fn a_call_needs_no_release_from_before_the_first_that_is_known_or_the_last_break() {
        let asked = |wire_since| {
            let declared = Declared {
                version: "1.6.1",
                wire_since,
                releases: &["1.2.0", "1.4.0", "1.6.0"],
                ..Declared::default()
            };
            let older = Release::of(&declared).unwrap().older;
            let asked = older.iter().map(|said| said.range.min.to_string());
            asked.collect::<Vec<_>>()
        };
        assert_eq!(asked("1.0.0"), ["1.2", "1.4", "1.6"]);
        assert_eq!(asked("1.3.0"), ["1.3", "1.4", "1.6"]);
    }

    #[test]
    fn prereleases_say_what_their_contract_looks_like_and_releases_do_not() {
        let said = |version| {
            let schema = "0badcafe";
            let declared = Declared {
                version,
                schema,
                ..Declared::default()
            };
            let release = Release::of(&declared).unwrap();
            assert_eq!(release.client.version, release.server.version);
            release.client.version
        };
        assert_eq!(said("1.5.0-rc.1"), "1.5.0-rc.1+0badcafe");
        assert_eq!(said("1.5.0-rc.1+mine"), "1.5.0-rc.1+0badcafe");
        assert_eq!(said("1.5.0"), "1.5.0");
    }
}
