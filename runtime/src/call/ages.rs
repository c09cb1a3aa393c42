//! Since when the parts of a service's requests are there: a table that generated code writes down.
//!
//! A release is named by its place in [`Ages::releases`], of which the first is the service's first that is known. Only
//! what is newer than that is listed, and what leads to it.

/// Since when the parts of a service's requests are there.
#[derive(Debug)]
pub struct Ages {
    /// The service's first release that is known, then those that brought something, MAJOR.MINOR.PATCH, oldest first.
    pub releases: &'static [&'static str],
    /// The methods, by index.
    pub methods: &'static [MethodAge],
    /// The fields of messages, by message, each by number.
    pub messages: &'static [&'static [FieldAge]],
    /// The values of enums, by enum: their numbers and the releases that brought them.
    pub enums: &'static [&'static [(i32, usize)]],
}

/// Since when a method is there, and what its requests hold.
#[derive(Debug)]
pub struct MethodAge {
    /// The release that brought it.
    pub since: usize,
    /// The newest release that brought it or anything its requests may hold.
    pub newest: usize,
    /// Its request among [`Ages::messages`]; of no account where there is nothing newer.
    pub request: usize,
}

/// Since when a field is there, and what is in it.
#[derive(Debug)]
pub struct FieldAge {
    /// Its number.
    pub number: u32,
    /// The release that brought it.
    pub since: usize,
    /// What newer parts may be in it.
    pub inside: Inside,
}

/// Where the newer parts of a field's value are.
#[derive(Debug, Clone, Copy)]
pub enum Inside {
    /// There are none.
    Nothing,
    /// In one of [`Ages::messages`].
    Message(usize),
    /// Among one of [`Ages::enums`].
    Enum(usize),
}
