//! Keeps calls within limits, on either end: refuses those for which there is no room before their bodies are read.
//!
//! On a client they stand inside the deadline, which bounds what waits here, and outside retries, so that one call has
//! one place however often it is sent. On a server they stand after the version check: first [`size`] and [`rate`], which cost
//! least, then [`adaptive`], then [`bulkhead`]. [`priority`] hands on how much the call being served matters.
//!
//! A status tells a caller what to do: UNAVAILABLE that another server may have room, RESOURCE_EXHAUSTED that none will
//! before the time that it names. A client's own refusals are RESOURCE_EXHAUSTED. Whatever is refused here is marked,
//! so that no breaker, throttle or other limit learns from it.

pub mod adaptive;
pub mod bulkhead;
pub mod priority;
pub mod rate;
mod shell;
pub mod size;
mod table;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub use self::{
    shell::{Bounded, BoundedLayer, Bounds},
    table::Table,
};
use crate::{
    call::{Mark, Method},
    policy::counter::Counter,
};

/// On which end of a call a layer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Before it is sent.
    Client,
    /// Before it is served.
    Server,
}

/// What the limits of one kind in one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls that were refused.
    pub refused: Counter,
    /// Calls that waited for their turn, whatever came of it.
    pub waited: Counter,
}

impl Side {
    /// The code of a call for which this end has no room now, though another server may have.
    fn full(self) -> Code {
        match self {
            Self::Client => Code::ResourceExhausted,
            Self::Server => Code::Unavailable,
        }
    }
}

/// The status of a call of `method` that was refused here.
fn refuse(
    method: &Method,
    code: Code,
    reason: &str,
    why: impl std::fmt::Display,
    mut details: ErrorDetails,
) -> Status {
    let told = [("method".to_owned(), method.path.to_owned())];
    details.set_error_info(reason, "couplet", told);
    let text = format!("{}: {why}", method.path);
    Mark::Refused.on(Status::with_error_details(code, text, details))
}
