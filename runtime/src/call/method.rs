//! What a service is: written down once by generated code, read by every layer.

use std::{fmt, sync::OnceLock};

use super::{Ages, Policies, Release, release::Declared};

/// How many messages go each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One each way.
    Unary,
    /// One call, many answers.
    ServerStreaming,
    /// Many calls, one answer.
    ClientStreaming,
    /// Many each way.
    BidiStreaming,
}

impl Kind {
    /// Whether the client sends exactly one message.
    pub const fn takes_one(self) -> bool {
        matches!(self, Self::Unary | Self::ServerStreaming)
    }

    /// Whether the server sends exactly one message.
    pub const fn gives_one(self) -> bool {
        matches!(self, Self::Unary | Self::ClientStreaming)
    }
}

/// What a repeated call does, from the standard option `idempotency_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Nothing is promised: a call that may have run is never repeated.
    Unknown,
    /// Reads only.
    NoSideEffects,
    /// Running it twice is as running it once.
    Idempotent,
}

/// One service of a contract.
pub struct Service {
    /// Package and name, such as `movies.v1.Movies`.
    pub name: &'static str,
    /// The declared MAJOR.MINOR.PATCH; `0.0.0` where the contract is silent.
    pub version: &'static str,
    /// The least client that is served, as MAJOR.MINOR; empty where it follows from the version.
    pub accepts: &'static str,
    /// The oldest release with the same wire, as MAJOR.MINOR.PATCH; empty where it is not known.
    pub wire_since: &'static str,
    /// What its messages and methods look like, as eight hexadecimal digits; empty where nobody knows.
    pub schema: &'static str,
    /// Whom it meets.
    pub meeting: Meeting,
    /// Since when the parts of its requests are there, where clients ask for a server by what a call uses.
    pub ages: Option<&'static Ages>,
    /// Its methods, by index.
    pub methods: &'static [Method],
    /// The encoded `FileDescriptorSet` of the contract, for reflection; empty where there is none.
    pub descriptor: &'static [u8],
    /// The parsed release, once it was asked for.
    pub cache: Cache,
}

/// Whom a service meets: what its contract says beside its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meeting {
    /// How far back the oldest client may be, where `accepts` does not say it.
    pub cross_major: CrossMajor,
    /// What becomes of callers that do not say their version.
    pub client_version: ClientVersion,
}

/// How far the oldest client that is served may be back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CrossMajor {
    /// Never before the first release of the same MAJOR; below 1.0, of the same MINOR.
    #[default]
    Refuse,
    /// As far as the wire is the same, over majors.
    Wire,
}

/// What becomes of callers that do not say which version they were built from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientVersion {
    /// They are served, and counted.
    #[default]
    Optional,
    /// They are refused.
    Required,
}

impl Meeting {
    /// What holds where a contract is silent.
    pub const DEFAULT: Self = Self {
        cross_major: CrossMajor::Refuse,
        client_version: ClientVersion::Optional,
    };
}

/// What is computed once from a service's text. Starts empty.
#[derive(Debug, Default)]
pub struct Cache(OnceLock<Release>);

impl Cache {
    /// Nothing computed yet.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }
}

impl Service {
    /// Whether the contract declares a version. One that does not says nothing of it on the wire.
    #[inline]
    pub fn is_versioned(&self) -> bool {
        self.version != "0.0.0"
    }

    /// The release that this service was generated from.
    #[inline]
    pub fn release(&self) -> &Release {
        self.cache.0.get_or_init(|| {
            let declared = Declared {
                version: self.version,
                accepts: self.accepts,
                wire_since: self.wire_since,
                schema: self.schema,
                cross_major: self.meeting.cross_major,
                releases: self.ages.map_or(&[], |ages| ages.releases),
            };
            Release::of(&declared).expect("the generator checked the declared version")
        })
    }
}

/// One method of a service.
pub struct Method {
    /// The service it belongs to.
    pub service: &'static Service,
    /// Its name in the contract, such as `GetMovie`.
    pub name: &'static str,
    /// The release that brought it, as MAJOR.MINOR.PATCH; empty where that is not known or was the service's first.
    pub since: &'static str,
    /// Its path on the wire, such as `/movies.v1.Movies/GetMovie`.
    pub path: &'static str,
    /// Its place in [`Service::methods`].
    pub index: usize,
    /// How many messages go each way.
    pub kind: Kind,
    /// What a repeated call does.
    pub idempotency: Idempotency,
    /// What the contract declares about its calls.
    pub policies: Policies,
}

impl Method {
    /// Service and method, such as `movies.v1.Movies/GetMovie`.
    pub fn full_name(&self) -> &'static str {
        self.path.strip_prefix('/').unwrap_or(self.path)
    }
}

// A service names its methods and a method its service: what is derived would never end.

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.version)
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.path)
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{ECHO, say};

    #[test]
    fn a_service_and_its_methods_are_shown_in_a_word_though_each_names_the_other() {
        assert_eq!(format!("{ECHO:?}"), "test.Echo 1.4.2");
        assert_eq!(format!("{:?}", ECHO.methods[0]), "/test.Echo/Say");
        assert!(format!("{:?}", say(&ECHO, "hi")).contains("/test.Echo/Say"));
    }
}
