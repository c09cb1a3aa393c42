//! Refusals by the policies of a peer, as its status tells them.

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Whether a policy of the peer refused the call, as its status says: its limits, or its own breaker for whoever is behind
/// it. It guards itself, and lets through what can be done. A breaker here as well would do it again, for all calls at
/// once: with it, a server that is asked for twice what it can do does a tenth, and breakers in a row keep each other open.
/// Nor is it an outlier: the others would get its calls, and be overloaded next.
pub(crate) fn was_refused_there(status: &Status) -> bool {
    const REASONS: [&str; 5] = [
        "OVERLOADED",
        "BULKHEAD_FULL",
        "RATE_LIMITED",
        "CIRCUIT_OPEN",
        "DOOMED",
    ];
    let may_say = matches!(
        status.code(),
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded
    );
    may_say
        && !status.details().is_empty()
        && status
            .get_details_error_info()
            .is_some_and(|info| info.domain == "couplet" && REASONS.contains(&info.reason.as_str()))
}
