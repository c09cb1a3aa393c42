//! Whether a step that failed may have run all the same.

use tonic::{Code, Status};

use crate::call::{Mark, headers};

/// What is known of a failed step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// It certainly had no effect.
    Certain,
    /// It may have run.
    Doubtful,
}

/// What `status` says of the call that it ended.
///
/// What was refused here, what no application saw and what was refused for its release is certain, whatever its code. Else
/// the codes decide: those that stand for a lost answer as well as for a lost call are in doubt. RESOURCE_EXHAUSTED and
/// DATA_LOSS are among them because an answer that is too large, or damaged, ends in one of them too, and the step ran.
///
/// Of a call that was sent again, or several times, nothing is certain: the status tells of one attempt, and another may
/// have run. It says so itself, whoever it was that had the call sent again.
pub(super) fn of(status: &Status) -> Failure {
    let others = headers::PREVIOUS_ATTEMPTS;
    if status.metadata().contains_key(others.as_str()) {
        return Failure::Doubtful;
    }
    match Mark::of(status) {
        Some(
            Mark::Refused | Mark::Unprocessed | Mark::Unsent | Mark::Incompatible | Mark::Misplaced,
        ) => return Failure::Certain,
        Some(Mark::Unanswered) => return Failure::Doubtful,
        Some(Mark::Begun | Mark::Injected) | None => {}
    }
    match status.code() {
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::Internal
        | Code::Unavailable
        | Code::ResourceExhausted
        | Code::DataLoss => Failure::Doubtful,
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => Failure::Certain,
    }
}
