//! Who is calling: one action or one compensation of one saga, as it is written in `x-saga-id`.
//!
//! It is the same however often the call is repeated, by whomever: a layer, a rollback, a recovery after a crash. So it is
//! what a server knows a repetition by.

use std::{fmt, hash::BuildHasher, hash::RandomState, str::FromStr, sync::Arc};

use http::HeaderValue;
use tonic::{Status, metadata::MetadataMap};

use crate::call::headers;

/// The most characters of a [`Gid`].
const LONGEST: usize = 128;

/// The name of one run of a saga, unique among all: 1 to 128 letters, digits, `.`, `_`, `~` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gid(Arc<str>);

/// What a call is to its saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// It goes forward.
    Action,
    /// It takes the action of the same step back.
    Compensation,
}

/// One action or compensation of one saga: `gid/step/op`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SagaId {
    /// The saga.
    pub gid: Gid,
    /// The step, from 1.
    pub step: u32,
    /// Which of the step's two calls.
    pub op: Op,
}

/// A text that is no name of a saga, or of one of its calls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The name of the saga is empty, too long, or has other characters.
    #[error(
        "`{0}` does not name a saga: that takes 1 to 128 letters, digits, `.`, `_`, `~` and `-`"
    )]
    Gid(String),
    /// It is not made of a saga, a step and `action` or `compensation`.
    #[error("`{0}` is no call of a saga: that is `gid/step/action` or `gid/step/compensation`")]
    Shape(String),
    /// It was said more than once.
    #[error("x-saga-id was sent more than once")]
    Repeated,
}

// === Gid ===

impl Gid {
    /// A new one: 128 bits of the operating system's randomness, in hexadecimal digits.
    pub fn unique() -> Self {
        // What seeds every hash map: random keys, and never the same ones twice in a process.
        let (high, low) = (RandomState::new(), RandomState::new());
        Self(format!("{:016x}{:016x}", high.hash_one(0), low.hash_one(1)).into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Gid {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(fits) {
            let shown = text.chars().take(LONGEST).collect();
            return Err(IdError::Gid(shown));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Gid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

// === SagaId ===

impl SagaId {
    /// What the metadata of a call says; `None` where it is no part of a saga.
    ///
    /// # Errors
    /// If it says something else, or says it twice.
    pub fn of(metadata: &MetadataMap) -> Result<Option<Self>, IdError> {
        let mut said = metadata.as_ref().get_all(headers::SAGA).iter();
        match (said.next(), said.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => {
                let text = value.to_str().unwrap_or("bytes that are no text");
                text.parse().map(Some)
            }
            (Some(_), Some(_)) => Err(IdError::Repeated),
        }
    }

    /// Says it in the metadata of a call, in the place of another.
    pub fn write(&self, metadata: &mut MetadataMap) {
        let value = HeaderValue::try_from(self.to_string());
        let value = value.expect("letters, digits and a few marks are a header's value");
        headers::insert(metadata, headers::SAGA, value);
    }
}

impl FromStr for SagaId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::Shape(text.chars().take(2 * LONGEST).collect());
        let mut parts = text.split('/');
        let (Some(gid), Some(step), Some(op), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let op = match op {
            "action" => Op::Action,
            "compensation" => Op::Compensation,
            _ => return Err(wrong()),
        };
        // One spelling for each number: two spellings of one step would pass for two steps.
        let number: u32 = step.parse().map_err(|_| wrong())?;
        if number == 0 || number.to_string() != step {
            return Err(wrong());
        }
        Ok(Self {
            gid: gid.parse()?,
            step: number,
            op,
        })
    }
}

impl fmt::Display for SagaId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self.op {
            Op::Action => "action",
            Op::Compensation => "compensation",
        };
        write!(formatter, "{}/{}/{op}", self.gid, self.step)
    }
}

// === IdError ===

impl From<IdError> for Status {
    fn from(error: IdError) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_saga_has_a_name_of_its_own_that_can_be_read_back() {
        let names: std::collections::HashSet<_> = (0..10_000).map(|_| Gid::unique()).collect();
        assert_eq!(names.len(), 10_000);
        for name in names {
            assert_eq!(name.as_str().parse(), Ok(name));
        }
    }

    #[test]
    fn what_a_peer_sends_is_an_id_or_an_error() {
        let long = format!("{}/1/action", "x".repeat(129));
        for hostile in [
            "",
            "/",
            "//",
            "a/1",
            "a/1/action/",
            "a//action",
            "a/0/action",
            "a/01/action",
            "a/+1/action",
            "a/4294967296/action",
            "a/1/Action",
            "/1/action",
            "a b/1/action",
            "a\u{e9}/1/action",
            &long,
        ] {
            let mut metadata = MetadataMap::new();
            let value = HeaderValue::from_bytes(hostile.as_bytes()).unwrap();
            headers::insert(&mut metadata, headers::SAGA, value);
            let status = Status::from(SagaId::of(&metadata).unwrap_err());
            assert_eq!(status.code(), tonic::Code::InvalidArgument, "{hostile:?}");
        }
        let mut twice = MetadataMap::new();
        for _ in 0..2 {
            twice.append("x-saga-id", "a/1/action".parse().unwrap());
        }
        assert_eq!(SagaId::of(&twice), Err(IdError::Repeated));
        assert_eq!(SagaId::of(&MetadataMap::new()), Ok(None));
    }

    proptest! {
        #[test]
        fn an_id_comes_back_as_it_was_written(gid in "[A-Za-z0-9._~-]{1,128}", step in 1_u32.., back: bool) {
            let op = if back { Op::Compensation } else { Op::Action };
            let id = SagaId { gid: gid.parse().unwrap(), step, op };
            let mut metadata = MetadataMap::new();
            id.write(&mut metadata);
            prop_assert_eq!(SagaId::of(&metadata), Ok(Some(id)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            if let Ok(id) = text.parse::<SagaId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
