//! Says the release on every call and answer, and refuses a peer whose release does not fit.
//!
//! On the client it stands inside the breaker, which must not take a refusal for sickness, and checks what the server
//! answers. On the server it stands before the body is read, so that a refused call is safe to send elsewhere.

mod calling;
mod choosing;
mod refusal;
mod serving;
#[cfg(test)]
mod tests;

pub use self::{
    calling::{Calling, CallingLayer},
    choosing::{Candidate, Choosing},
    serving::Serving,
};
use crate::policy::counter::Counter;

/// What the version checks of one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls whose two ends fit.
    pub fitting: Counter,
    /// Calls whose peer said nothing of its release.
    pub unsaid: Counter,
    /// Calls that were refused, or whose answer was.
    pub refused: Counter,
}
