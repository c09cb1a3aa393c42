//! One instance of a service: where it is, what it serves and since when, and what speaks for choosing it.

use std::collections::{BTreeMap, HashSet};

use semver::{BuildMetadata, Version};

use crate::{
    call::{Minimum, Range, Service},
    json::{self, Node},
    policy::version::{Misfit, admits},
};

/// The longest text of one endpoint that is read, in bytes.
const LONGEST: usize = 64 << 10;

/// One instance of a service, as it stands in a registry.
///
/// Its text is JSON; all but the address may be left out:
///
/// ```
/// use couplet::discovery::Endpoint;
///
/// let endpoint = Endpoint::from_json(r#"{
///     "address": "10.0.0.7:50051", "service": "movies.v1.Movies", "version": "1.4.2", "min": "1.0",
///     "schema": "9f86d081", "weight": 2, "zone": "eu-1a", "metadata": {"rack": "12"}
/// }"#)?;
/// assert_eq!(endpoint.weight, 2);
/// assert_eq!(Endpoint::from_json(&endpoint.to_json())?, endpoint);
/// # Ok::<(), couplet::discovery::EndpointError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// Where it is: `host:port`, `http://host:port`, `https://host:port` or `unix:/path`. Without a scheme, it is reached
    /// with TLS if the channel has certificates, and in the clear if it has none. A channel that has certificates leaves out
    /// what would be in the clear.
    pub address: String,
    /// What it is called in the head of a call (`:authority`), and whose certificate it shows: a host, with or without a port.
    /// Empty where that is the address.
    pub authority: String,
    /// Package and name of the service; empty for any.
    pub service: String,
    /// The release that it serves and the oldest client that it takes; none where nobody said.
    pub release: Option<Range>,
    /// What its contract looks like, as eight hexadecimal digits; empty where nobody said.
    pub schema: String,
    /// How much of the load it is to have beside others; 1. With 0 it gets no calls.
    pub weight: u32,
    /// Where it runs, such as `eu-1a`; empty where nobody said.
    pub zone: String,
    /// Whatever else is known of it.
    pub metadata: BTreeMap<String, String>,
}

/// What is wrong with the text of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It is longer than any endpoint.
    #[error("it has {0} bytes, an endpoint has at most {LONGEST}")]
    TooLong(usize),
    /// It is no JSON.
    #[error("it is no JSON object: {0}")]
    Syntax(String),
    /// There is no address.
    #[error("it has no `address`; write one such as \"10.0.0.7:50051\"")]
    NoAddress,
    /// A key stands twice.
    #[error("`{0}` stands twice")]
    Twice(String),
    /// A value is not what it should be.
    #[error("`{key}` is {found}; it must be {right}")]
    Wrong {
        /// Its name.
        key: &'static str,
        /// What stands there.
        found: String,
        /// What would be right.
        right: &'static str,
    },
}

// === Endpoint ===

impl Endpoint {
    /// An instance at `address` of which nothing else is known.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            authority: String::new(),
            service: String::new(),
            release: None,
            schema: String::new(),
            weight: 1,
            zone: String::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// An instance at `address` of a contract's service, with what the contract says of its release.
    pub fn of(service: &Service, address: impl Into<String>) -> Self {
        Self {
            service: service.name.to_owned(),
            release: service
                .is_versioned()
                .then(|| service.release().server.range.clone()),
            schema: service.schema.to_owned(),
            ..Self::new(address)
        }
    }

    /// The same, called `authority` in calls and in certificates.
    #[must_use]
    pub fn called(mut self, authority: impl Into<String>) -> Self {
        self.authority = authority.into();
        self
    }

    /// The same in `zone`.
    #[must_use]
    pub fn in_zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = zone.into();
        self
    }

    /// The same with this share of the load.
    #[must_use]
    pub fn with_weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Whether a client of `release` may call it, as far as is known: the rule by which the two ends check each other.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, release: &Range) -> Result<(), Misfit> {
        match &self.release {
            Some(own) => admits(release, own),
            None => Ok(()),
        }
    }
}

impl From<&str> for Endpoint {
    fn from(address: &str) -> Self {
        Self::new(address)
    }
}

impl From<String> for Endpoint {
    fn from(address: String) -> Self {
        Self::new(address)
    }
}

// === As text ===

impl Endpoint {
    /// Its text, on one line.
    pub fn to_json(&self) -> String {
        let text = |text: &str| Node::Text(text.to_owned());
        let mut entries = vec![("address", text(&self.address))];
        let mut say = |key, value: &str| {
            if !value.is_empty() {
                entries.push((key, text(value)));
            }
        };
        say("authority", &self.authority);
        say("service", &self.service);
        if let Some(release) = &self.release {
            say("version", &release.version.to_string());
            say("min", &release.min.to_string());
        }
        say("schema", &self.schema);
        say("zone", &self.zone);
        if self.weight != 1 {
            entries.push(("weight", Node::Number(self.weight.to_string())));
        }
        if !self.metadata.is_empty() {
            let metadata = self.metadata.iter();
            let metadata = metadata.map(|(key, value)| (key.clone(), text(value)));
            entries.push(("metadata", Node::Map(metadata.collect())));
        }
        let entries = entries
            .into_iter()
            .map(|(key, node)| (key.to_owned(), node));
        Node::Map(entries.collect()).to_string()
    }

    /// Reads a text. Keys that it does not know are left out, so that newer programs can say more.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn from_json(text: &str) -> Result<Self, EndpointError> {
        if text.len() > LONGEST {
            return Err(EndpointError::TooLong(text.len()));
        }
        let node = json::parse(text).map_err(|error| EndpointError::Syntax(error.to_string()))?;
        Self::from_node(&node)
    }

    pub(super) fn from_node(node: &Node) -> Result<Self, EndpointError> {
        let Node::Map(entries) = node else {
            return Err(EndpointError::Syntax(format!("it is {node}")));
        };
        let mut endpoint = Self::new("");
        let (mut version, mut min) = (None, None);
        let mut seen = HashSet::new();
        for (key, node) in entries {
            if !seen.insert(key) {
                return Err(EndpointError::Twice(key.clone()));
            }
            match key.as_str() {
                "address" => endpoint.address = read_text("address", node)?,
                "authority" => endpoint.authority = read_text("authority", node)?,
                "service" => endpoint.service = read_text("service", node)?,
                "version" => version = Some(read_version(node)?),
                "min" => min = Some(read_min(node)?),
                "schema" => endpoint.schema = read_text("schema", node)?,
                "weight" => endpoint.weight = read_weight(node)?,
                "zone" => endpoint.zone = read_text("zone", node)?,
                "metadata" => endpoint.metadata = read_metadata(node)?,
                _ => {}
            }
        }
        if endpoint.address.is_empty() {
            return Err(EndpointError::NoAddress);
        }
        endpoint.release = version.map(|version| endpoint.range(version, min));
        Ok(endpoint)
    }

    /// The release as the two ends would say it: that of a prerelease carries what its contract looks like.
    fn range(&self, mut version: Version, min: Option<Minimum>) -> Range {
        if !version.pre.is_empty()
            && version.build.is_empty()
            && let Ok(schema) = BuildMetadata::new(&self.schema)
        {
            version.build = schema;
        }
        let min = min.unwrap_or_else(|| Minimum::line(&version));
        Range { version, min }
    }
}

fn wrong(key: &'static str, node: &Node, right: &'static str) -> EndpointError {
    let mut found = node.to_string();
    if let Some((cut, _)) = found.char_indices().nth(60) {
        found.truncate(cut);
        found.push('…');
    }
    EndpointError::Wrong { key, found, right }
}

fn read_text(key: &'static str, node: &Node) -> Result<String, EndpointError> {
    match node {
        Node::Text(text) => Ok(text.clone()),
        other => Err(wrong(key, other, "a text in quotes")),
    }
}

fn read_version(node: &Node) -> Result<Version, EndpointError> {
    let text = read_text("version", node)?;
    Version::parse(&text).map_err(|_| wrong("version", node, "MAJOR.MINOR.PATCH, such as 1.4.2"))
}

fn read_min(node: &Node) -> Result<Minimum, EndpointError> {
    let text = read_text("min", node)?;
    text.parse()
        .map_err(|_| wrong("min", node, "MAJOR.MINOR, such as 1.4"))
}

fn read_weight(node: &Node) -> Result<u32, EndpointError> {
    let weight = match node {
        Node::Number(number) => number.parse().ok(),
        _ => None,
    };
    weight.ok_or_else(|| wrong("weight", node, "a whole number from 0 to 4294967295"))
}

fn read_metadata(node: &Node) -> Result<BTreeMap<String, String>, EndpointError> {
    let Node::Map(entries) = node else {
        return Err(wrong("metadata", node, "an object of texts"));
    };
    let entries = entries
        .iter()
        .map(|(key, node)| Ok((key.clone(), read_text("metadata", node)?)));
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        Endpoint::from_json(text).unwrap_err().to_string()
    }

    #[test]
    fn a_text_that_is_no_endpoint_is_told_what_would_be_right() {
        for (text, remedy) in [
            ("", "no JSON object"),
            ("[]", "no JSON object"),
            ("{}", "no `address`"),
            (r#"{"address": ""}"#, "no `address`"),
            (r#"{"address": 7}"#, "`address` is 7; it must be a text"),
            (
                r#"{"address": "a:1", "address": "b:1"}"#,
                "`address` stands twice",
            ),
            (
                r#"{"address": "a:1", "version": "1.x"}"#,
                "MAJOR.MINOR.PATCH",
            ),
            (
                r#"{"address": "a:1", "version": "1.0.0", "min": "1.0.0"}"#,
                "MAJOR.MINOR,",
            ),
            (r#"{"address": "a:1", "weight": -1}"#, "`weight` is -1"),
            (
                r#"{"address": "a:1", "metadata": {"a": 1}}"#,
                "`metadata` is 1",
            ),
        ] {
            let error = refused(text);
            assert!(error.contains(remedy), "{text}: {error}");
        }
    }

    #[test]
    fn a_value_of_a_megabyte_is_refused_by_its_length_alone() {
        let error = refused(&"x".repeat(1 << 20));
        assert_eq!(error, "it has 1048576 bytes, an endpoint has at most 65536");
    }

    #[test]
    fn what_newer_programs_say_is_left_out() {
        let read = Endpoint::from_json(r#"{"address": "a:1", "colour": [1]}"#);
        assert_eq!(read, Ok(Endpoint::new("a:1")));
    }

    #[test]
    fn a_release_without_a_minimum_takes_the_clients_of_its_line() {
        let endpoint = Endpoint::from_json(r#"{"address": "a:1", "version": "1.4.2"}"#).unwrap();
        let client = |version: &str, minor| Range {
            version: version.parse().unwrap(),
            min: Minimum { major: 1, minor },
        };
        assert_eq!(endpoint.admits(&client("1.2.0", 2)), Ok(()));
        assert_eq!(
            endpoint.admits(&client("1.6.0", 6)),
            Err(Misfit::ClientTooNew)
        );
        assert!(endpoint.admits(&client("2.0.0", 0)).is_err());
        assert_eq!(Endpoint::new("a:1").admits(&client("9.0.0", 0)), Ok(()));
    }
}
