//! Who gives way first: four priorities, each with its share of a limit.
//!
//! A limit that is nearly reached refuses batch work first and critical calls last, so that the latter find room that
//! nobody else could take.

use std::fmt;

use tonic::metadata::MetadataMap;

use crate::call::headers;

/// How much a call matters, as its caller says. The greatest matters most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Work that can wait for hours, and is repeated by itself.
    Batch,
    /// Nobody misses it for a while: prefetching, suggestions.
    Sheddable,
    /// What is not said otherwise.
    #[default]
    Default,
    /// Somebody is harmed or money is lost without it.
    Critical,
}

impl Priority {
    /// All of them, the least important first.
    pub const ALL: [Self; 4] = [Self::Batch, Self::Sheddable, Self::Default, Self::Critical];

    /// Reads the value of the header; whatever is not one of the four names is [`Priority::Default`].
    pub fn read(value: &[u8]) -> Self {
        let named = |priority: &Self| priority.name().as_bytes() == value;
        Self::ALL.into_iter().find(named).unwrap_or_default()
    }

    /// What the head of a call says; [`Priority::Default`] if it says nothing, or more than one thing.
    pub fn of(metadata: &MetadataMap) -> Self {
        let mut said = metadata.as_ref().get_all(&headers::PRIORITY).iter();
        match (said.next(), said.next()) {
            (Some(value), None) => Self::read(value.as_bytes()),
            _ => Self::Default,
        }
    }

    /// The value of the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Default => "default",
            Self::Sheddable => "sheddable",
            Self::Batch => "batch",
        }
    }

    /// How much of `limit` calls of this priority may fill: 100, 90, 75 and 50 percent of it, and one call at least.
    #[inline]
    pub fn share(self, limit: u32) -> u32 {
        let percent = match self {
            Self::Critical => return limit,
            Self::Default => 90,
            Self::Sheddable => 75,
            Self::Batch => 50,
        };
        (u64::from(limit) * percent).div_ceil(100) as u32
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_a_call_matters_the_less_of_a_limit_it_may_fill() {
        let shares = |limit| Priority::ALL.map(|priority| priority.share(limit));
        assert_eq!(shares(100), [50, 75, 90, 100]);
        assert_eq!(shares(4), [2, 3, 4, 4]);
        assert_eq!(shares(1), [1; 4], "a small limit starves nobody");
        assert_eq!(shares(u32::MAX)[3], u32::MAX);
    }

    #[test]
    fn what_is_not_one_of_the_names_is_default() {
        for priority in Priority::ALL {
            assert_eq!(Priority::read(priority.name().as_bytes()), priority);
        }
        for hostile in [
            &b""[..],
            b"CRITICAL",
            b"critical ",
            b"critical,critical",
            b"\xff\0",
            b"9",
        ] {
            assert_eq!(Priority::read(hostile), Priority::Default, "{hostile:?}");
        }
    }
}
