//! Since when the parts of a service's requests are there, by number.

use semver::Version;

/// Since when the parts of a service's requests are there. A release is named by its place in `releases`. Only what is
/// newer than the first is listed, and what leads to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ages {
    /// The service's first release that is known, then those that brought something, oldest first.
    pub releases: Vec<Version>,
    /// The methods, by index.
    pub methods: Vec<MethodAge>,
    /// The fields of messages, by message, each by number.
    pub messages: Vec<Vec<FieldAge>>,
    /// The values of enums, by enum: their numbers and the releases that brought them.
    pub enums: Vec<Vec<(i32, usize)>>,
}

/// Since when a method is there, and what its requests hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MethodAge {
    /// The release that brought it.
    pub since: usize,
    /// The newest release that brought it or anything its requests may hold.
    pub newest: usize,
    /// Its request among the messages; of no account where there is nothing newer.
    pub request: usize,
}

/// Since when a field is there, and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldAge {
    /// Its number.
    pub number: u32,
    /// The release that brought it.
    pub since: usize,
    /// What newer parts may be in it.
    pub inside: Inside,
}

/// Where the newer parts of a field's value are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// There are none.
    Nothing,
    /// In a message, by its place.
    Message(usize),
    /// Among the values of an enum, by its place.
    Enum(usize),
}
