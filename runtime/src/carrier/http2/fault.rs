//! What a broken stream or connection means for the call on it, by gRPC's table.
//!
//! Nothing here is ever UNKNOWN. What no application can have seen carries [`Mark::Unprocessed`]. A deadline that passed
//! on this side is told by whoever watches it, not here.

use std::{error::Error, io};

use h2::Reason;
use tonic::{Code, Status};

use crate::call::Mark;

/// What bodies and HTTP services fail with.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Which end of the call looks at the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The client, to which a lost connection is an unavailable server.
    Calling,
    /// The server, to which a lost connection is a client that went away.
    Serving,
}

/// What `error` of a transport means: the status inside it, or what HTTP/2 says about it.
pub(crate) fn status(error: BoxError, side: Side) -> Status {
    let error = match error.downcast::<Status>() {
        Ok(status) => return *status,
        Err(error) => error,
    };
    let mut link: Option<&(dyn Error + 'static)> = Some(&*error);
    while let Some(cause) = link {
        if let Some(status) = cause.downcast_ref::<Status>() {
            return status.clone();
        }
        if let Some(broken) = cause.downcast_ref::<h2::Error>() {
            return of_h2(broken, side);
        }
        if cause.is::<tonic::TimeoutExpired>() {
            return Status::deadline_exceeded("tonic's transport ended the call at its deadline");
        }
        // An io::Error made of another error names that one's causes as its own.
        let inner = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        link = match inner {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    lost(side, &chain(&*error))
}

/// What an error of HTTP/2 means.
pub(crate) fn of_h2(error: &h2::Error, side: Side) -> Status {
    if error.is_go_away() && error.is_remote() {
        // Only streams above the last one that the peer looked at fail with its GOAWAY.
        return match side {
            Side::Calling => Mark::Unprocessed.on(Status::unavailable(format!(
                "the server is going away: {error}"
            ))),
            Side::Serving => lost(side, &chain(error)),
        };
    }
    if !error.is_reset() {
        return lost(side, &chain(error));
    }
    let reason = error.reason().unwrap_or(Reason::INTERNAL_ERROR);
    if error.is_library() {
        return Status::internal(format!("the peer broke HTTP/2: {error}"));
    }
    let status = Status::new(code(reason), format!("the stream was reset: {reason}"));
    if reason == Reason::REFUSED_STREAM {
        return Mark::Unprocessed.on(status);
    }
    status
}

/// gRPC's table of reset codes. What it leaves out is as good as an internal error.
fn code(reason: Reason) -> Code {
    match reason {
        Reason::REFUSED_STREAM => Code::Unavailable,
        Reason::CANCEL => Code::Cancelled,
        Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
        _ => Code::Internal,
    }
}

fn lost(side: Side, why: &str) -> Status {
    match side {
        Side::Calling => Status::unavailable(format!("the connection was lost: {why}")),
        Side::Serving => Status::cancelled(format!("the client went away: {why}")),
    }
}

/// An error with its causes, each said once.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut link = error.source();
    while let Some(cause) = link {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        link = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset(reason: Reason) -> Status {
        of_h2(&h2::Error::from(reason), Side::Calling)
    }

    #[test]
    fn a_reason_without_a_stream_is_a_lost_connection() {
        assert_eq!(reset(Reason::PROTOCOL_ERROR).code(), Code::Unavailable);
    }

    #[test]
    fn a_code_is_never_unknown() {
        for number in 0..20_u32 {
            assert_ne!(code(Reason::from(number)), Code::Unknown, "{number}");
        }
        assert_eq!(code(Reason::REFUSED_STREAM), Code::Unavailable);
        assert_eq!(code(Reason::CANCEL), Code::Cancelled);
        assert_eq!(code(Reason::ENHANCE_YOUR_CALM), Code::ResourceExhausted);
        assert_eq!(code(Reason::INADEQUATE_SECURITY), Code::PermissionDenied);
        assert_eq!(code(Reason::NO_ERROR), Code::Internal);
    }

    #[test]
    fn a_status_inside_is_what_it_says() {
        let inner = Box::new(Status::aborted("mine"));
        assert_eq!(status(inner, Side::Calling).message(), "mine");
        let nested = io::Error::other(Status::aborted("deep"));
        assert_eq!(status(Box::new(nested), Side::Serving).message(), "deep");
    }

    #[test]
    fn a_lost_connection_is_told_to_each_side_in_its_words() {
        let error = || Box::new(io::Error::from(io::ErrorKind::ConnectionReset));
        assert_eq!(status(error(), Side::Calling).code(), Code::Unavailable);
        assert_eq!(status(error(), Side::Serving).code(), Code::Cancelled);
    }
}
