//! A set of status codes in one word, so that classifying an outcome costs a shift.

use std::fmt;

use tonic::Code;

/// A set of status codes.
///
/// ```
/// use couplet::call::CodeSet;
/// use tonic::Code;
///
/// let codes = CodeSet::of(&[Code::Unavailable, Code::Internal]);
/// assert!(codes.contains(Code::Internal));
/// assert!(!codes.contains(Code::NotFound));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct CodeSet(u32);

/// The name of a code, as gRPC and OpenTelemetry write it: `NOT_FOUND`.
pub const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

// === CodeSet ===

impl CodeSet {
    /// The set without any code.
    pub const EMPTY: Self = Self(0);

    /// The set of these codes.
    pub const fn of(codes: &[Code]) -> Self {
        let (mut set, mut index) = (Self::EMPTY, 0);
        // `for` is not available in a `const fn`.
        while index < codes.len() {
            set = set.with(codes[index]);
            index += 1;
        }
        set
    }

    /// This set and one code more.
    #[must_use]
    pub const fn with(self, code: Code) -> Self {
        Self(self.0 | 1 << code as u32)
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is no code in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The codes in it, by number.
    pub fn iter(self) -> impl Iterator<Item = Code> {
        (0..=16)
            .map(Code::from_i32)
            .filter(move |code| self.contains(*code))
    }

    /// Whether the code is in the set.
    pub const fn contains(self, code: Code) -> bool {
        self.0 & 1 << code as u32 != 0
    }
}

impl fmt::Debug for CodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromIterator<Code> for CodeSet {
    fn from_iter<I: IntoIterator<Item = Code>>(codes: I) -> Self {
        codes.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in_and_nothing_else() {
        for chosen in (0..=16).map(Code::from_i32) {
            let set = CodeSet::of(&[chosen]);
            for code in (0..=16).map(Code::from_i32) {
                assert_eq!(set.contains(code), code == chosen, "{code:?} in {set:?}");
            }
        }
    }
}
