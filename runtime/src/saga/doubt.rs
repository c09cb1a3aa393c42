//! Whether a step that failed may have run all the same.

use tonic::{Code, Status};

use crate::call::Mark;

/// What is known of a failed step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// It certainly had no effect.
    Certain,
    /// It may have run.
    Doubtful,
}

/// What `status` says of the step that it ended.
///
/// What never left, what no application saw and what was refused for its release is certain, whatever its code. Else the
/// codes decide: those that stand for a lost answer as well as for a lost call are in doubt. RESOURCE_EXHAUSTED and
/// DATA_LOSS are among them because an answer that is too large, or damaged, has one of them too, and the step ran.
pub(super) fn of(status: &Status) -> Failure {
    if Mark::of(status).is_some() {
        return Failure::Certain;
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
