//! The names that values have in JSON, and which known name a strange one was meant to be.

use tonic::Code;

use crate::{
    call::{
        AdaptiveAlgorithm, AdaptiveMode, BreakerAbandoned, BreakerMode, BreakerScope, Disabled,
    },
    policy::balance::Strategy,
};

/// A value with a name.
pub(super) trait Named: Copy + PartialEq + 'static {
    /// Every value with its name.
    const ALL: &'static [(&'static str, Self)];

    /// Its name.
    fn name(self) -> &'static str {
        let own = Self::ALL.iter().find(|(_, value)| *value == self);
        own.map_or("", |(name, _)| *name)
    }

    /// The value with this name, in large letters or small.
    fn by_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        let found = all.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(found.1)
    }

    /// All names.
    fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(name, _)| *name)
    }
}

impl Named for Code {
    const ALL: &'static [(&'static str, Self)] = &[
        ("OK", Self::Ok),
        ("CANCELLED", Self::Cancelled),
        ("UNKNOWN", Self::Unknown),
        ("INVALID_ARGUMENT", Self::InvalidArgument),
        ("DEADLINE_EXCEEDED", Self::DeadlineExceeded),
        ("NOT_FOUND", Self::NotFound),
        ("ALREADY_EXISTS", Self::AlreadyExists),
        ("PERMISSION_DENIED", Self::PermissionDenied),
        ("RESOURCE_EXHAUSTED", Self::ResourceExhausted),
        ("FAILED_PRECONDITION", Self::FailedPrecondition),
        ("ABORTED", Self::Aborted),
        ("OUT_OF_RANGE", Self::OutOfRange),
        ("UNIMPLEMENTED", Self::Unimplemented),
        ("INTERNAL", Self::Internal),
        ("UNAVAILABLE", Self::Unavailable),
        ("DATA_LOSS", Self::DataLoss),
        ("UNAUTHENTICATED", Self::Unauthenticated),
    ];
}

impl Named for BreakerMode {
    const ALL: &'static [(&'static str, Self)] = &[
        ("enforce", Self::Enforce),
        ("disabled", Self::Disabled),
        ("forced_open", Self::ForcedOpen),
        ("forced_closed", Self::ForcedClosed),
        ("metrics_only", Self::MetricsOnly),
        ("adaptive_throttle", Self::AdaptiveThrottle),
    ];
}

impl Named for BreakerScope {
    const ALL: &'static [(&'static str, Self)] = &[
        ("method", Self::Method),
        ("service", Self::Service),
        ("target", Self::Target),
    ];
}

impl Named for BreakerAbandoned {
    const ALL: &'static [(&'static str, Self)] = &[
        ("unless_all", Self::UnlessAll),
        ("ignore", Self::Ignore),
        ("failure", Self::Failure),
    ];
}

impl Named for AdaptiveMode {
    const ALL: &'static [(&'static str, Self)] = &[
        ("enforce", Self::Enforce),
        ("metrics_only", Self::MetricsOnly),
    ];
}

impl Named for AdaptiveAlgorithm {
    const ALL: &'static [(&'static str, Self)] = &[
        ("hybrid", Self::Hybrid),
        ("gradient2", Self::Gradient2),
        ("vegas", Self::Vegas),
        ("aimd", Self::Aimd),
        ("fixed", Self::Fixed),
    ];
}

impl Named for Strategy {
    const ALL: &'static [(&'static str, Self)] = &[
        ("peak_ewma", Self::PeakEwma),
        ("round_robin", Self::RoundRobin),
        ("weighted_round_robin", Self::WeightedRoundRobin),
        ("least_request", Self::LeastRequest),
        ("ring_hash", Self::RingHash),
        ("pick_first", Self::PickFirst),
    ];
}

impl Named for Disabled {
    const ALL: &'static [(&'static str, Self)] = &[
        ("timeout", Self::TIMEOUT),
        ("retryPolicy", Self::RETRY),
        ("hedgingPolicy", Self::HEDGING),
        ("circuitBreaker", Self::BREAKER),
        ("bulkhead", Self::BULKHEAD),
        ("rateLimit", Self::RATE_LIMIT),
        ("adaptiveLimit", Self::ADAPTIVE_LIMIT),
        ("faultInjectionPolicy", Self::FAULTS),
    ];
}

/// The known name that `strange` is one or two letters from; capitals and underscores do not count.
pub(super) fn near<'a>(strange: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let strange = folded(strange);
    let close = known.map(|name| (distance(&strange, &folded(name)), name));
    let (letters, name) = close.min_by_key(|(letters, _)| *letters)?;
    // Two letters of four are another word.
    (letters <= 2 && letters * 3 < strange.len().max(3)).then_some(name)
}

fn folded(name: &str) -> Vec<char> {
    let letters = name.chars().filter(|letter| *letter != '_');
    // No name that is known is this long.
    letters.flat_map(char::to_lowercase).take(64).collect()
}

/// Levenshtein's: how many letters have to be put in, taken out or changed.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.iter().enumerate() {
        let mut corner = above;
        row[0] = above + 1;
        for (index, wanted) in other.iter().enumerate() {
            let change = corner + usize::from(letter != wanted);
            corner = row[index + 1];
            row[index + 1] = change.min(corner + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

/// A name of contracts as JSON has it: `max_attempts` is `maxAttempts`.
pub(super) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_told_from_another_word() {
        let known = || ["maxAttempts", "maxBackoff", "timeout"].into_iter();
        for slip in [
            "maxAttempt",
            "max_attempts",
            "MaxAttempts",
            "maxAtempts",
            "maxAttemtps",
        ] {
            assert_eq!(near(slip, known()), Some("maxAttempts"), "{slip}");
        }
        for other in ["", "attempts", "comment", "time", "max"] {
            assert_eq!(near(other, known()), None, "{other}");
        }
    }

    #[test]
    fn names_of_contracts_become_names_of_json() {
        assert_eq!(camel("timeout"), "timeout");
        assert_eq!(camel("per_attempt_recv_timeout"), "perAttemptRecvTimeout");
    }
}
