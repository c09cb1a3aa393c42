//! How much a change asks of those who use a contract: for each surface, and as a step of its version.

use std::fmt;

/// How much users of one surface notice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Nothing.
    #[default]
    None,
    /// Something was added; what there was works as before.
    Minor,
    /// What the other release wrote can be read, but values are lost or read as others, or only one order of upgrades
    /// works.
    Cond,
    /// What worked with the old release can fail with the new one.
    Major,
}

/// The effect of a change on each surface of a contract.
///
/// An old client at a new server decides. A message counts in both directions, for it may be sent or received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Effects {
    /// On Rust that was written against the generated code.
    pub source: Effect,
    /// On peers that speak protobuf's binary format, and on the paths of calls.
    pub wire: Effect,
    /// On peers that speak protobuf's JSON, and on HTTP routes.
    pub json: Effect,
}

/// Which part of a version has to move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// None.
    #[default]
    None,
    /// PATCH.
    Patch,
    /// MINOR.
    Minor,
    /// MAJOR.
    Major,
}

// === Effect ===

impl Effect {
    /// The word for it: `none`, `minor`, `cond` or `major`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minor => "minor",
            Self::Cond => "cond",
            Self::Major => "major",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

// === Effects ===

impl Effects {
    /// None at all.
    pub const NONE: Self = Self::new(Effect::None, Effect::None, Effect::None);

    /// The effects on source, wire and JSON.
    pub const fn new(source: Effect, wire: Effect, json: Effect) -> Self {
        Self { source, wire, json }
    }

    /// The worse of both on each surface.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        Self {
            source: self.source.max(other.source),
            wire: self.wire.max(other.wire),
            json: self.json.max(other.json),
        }
    }

    /// The bump that the worst surface asks for.
    pub fn bump(self) -> Bump {
        match self.source.max(self.wire).max(self.json) {
            Effect::None => Bump::None,
            Effect::Minor => Bump::Minor,
            Effect::Cond | Effect::Major => Bump::Major,
        }
    }
}

// === Bump ===

impl Bump {
    /// The word for it: `none`, `patch`, `minor` or `major`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl fmt::Display for Bump {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
