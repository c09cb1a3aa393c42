//! What a comparison is told beside the two contracts: which surfaces count, and what earlier releases left behind.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::Bump;

/// What a comparison is told beside the two contracts.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What kind of Rust is generated.
    pub profile: Profile,
    /// Whether the contract is also served as JSON: then its effects there count. Default: yes.
    pub json: bool,
    /// What numbers and names were given up before the old release, by the full name of their message or enum.
    pub retired: BTreeMap<String, Retired>,
    /// What a change of a foreign option asks for, by the option's full name (`acme.auth.scope`). Without a line here
    /// it asks for nothing.
    pub options: BTreeMap<String, OptionRule>,
}

/// How generated Rust reacts to additions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// What couplet generates: messages, enums and oneofs are `#[non_exhaustive]`, methods have default bodies.
    #[default]
    MinorSafe,
    /// What plain prost and tonic generate: struct literals, exhaustive matches and trait impls break on an addition.
    Exhaustive,
}

/// Numbers and names of a message or enum that were given up and may not come back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retired {
    /// Numbers.
    pub numbers: BTreeSet<i32>,
    /// Names.
    pub names: BTreeSet<String>,
}

/// What a change of a foreign option asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OptionRule {
    /// Where it is set and was not.
    pub added: Bump,
    /// Where it was set and is not.
    pub removed: Bump,
    /// Where it has another value.
    pub changed: Bump,
}

impl Default for Terms {
    /// Couplet's own profile, JSON counts, nothing retired, no foreign option matters.
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            json: true,
            retired: BTreeMap::new(),
            options: BTreeMap::new(),
        }
    }
}
