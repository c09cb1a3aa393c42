//! What a sweep did and why, in the words of gRPC's metrics (gRFC A91).

use std::sync::Arc;

/// Something that a sweep did to an endpoint, or would have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// What was done.
    pub action: Action,
}

/// What a sweep does to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// No more calls for a while: `grpc.lb.outlier_detection.ejections_enforced`.
    Ejected {
        /// What found it.
        method: DetectionMethod,
        /// The number of ejections in a row, as far as they are remembered: what the time is multiplied by.
        multiplier: u32,
    },
    /// It was found and stays all the same: `grpc.lb.outlier_detection.ejections_unenforced`.
    Unenforced {
        /// What found it.
        method: DetectionMethod,
        /// Why it stays.
        reason: UnenforcedReason,
    },
    /// Its time is over, or nothing is ejected any more.
    Returned,
}

/// What finds an outlier; the label `grpc.lb.outlier_detection.detection_method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DetectionMethod {
    /// Its success rate is far below that of the others.
    SuccessRate,
    /// It fails too large a share of its calls.
    FailurePercentage,
    /// It failed too many calls in a row.
    ConsecutiveFailures,
}

/// Why an outlier stays; the label `grpc.lb.outlier_detection.unenforced_reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnenforcedReason {
    /// The draw for the enforcement percentage said so.
    EnforcementPercentage,
    /// Enough are ejected.
    MaxEjectionOverflow,
}

impl DetectionMethod {
    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SuccessRate => "success_rate",
            Self::FailurePercentage => "failure_percentage",
            Self::ConsecutiveFailures => "consecutive_failures",
        }
    }
}

impl UnenforcedReason {
    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EnforcementPercentage => "enforcement_percentage",
            Self::MaxEjectionOverflow => "max_ejection_overflow",
        }
    }
}
