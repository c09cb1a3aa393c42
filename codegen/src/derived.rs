//! What the releases of a service tell of it: since when each part of it is there, and how far back its wire reaches.
//!
//! It is read from the history that a team keeps beside its contract, and stands in the generated code. A service
//! without a history has none of it.

use std::collections::BTreeMap;

use semver::Version;

/// What follows from the releases of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derived {
    /// The first release that is known; `None` where there is none. There may be clients from before it.
    pub first: Option<Version>,
    /// The last release; `None` where there is none. Of a contract that declares another version nobody knows yet what
    /// is new in it.
    pub released: Option<Version>,
    /// The oldest release whose messages on the wire this one still reads and writes; `None` where it is not known.
    pub wire_since: Option<Version>,
    /// The release that brought each part, for all that came after the service's first release. A method stands here with
    /// its name in the service (`Archive`), a field or enum value with its full name (`movies.v1.Movie.rating`,
    /// `movies.v1.Genre.GENRE_NOIR`).
    pub since: BTreeMap<String, Version>,
}

/// What follows from the releases of each service, by the full name of the service.
pub type Histories = BTreeMap<String, Derived>;
