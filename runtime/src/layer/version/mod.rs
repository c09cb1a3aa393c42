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
use std::net::IpAddr;

use semver::Version;

use crate::{
    call::{Peer, Service},
    policy::{
        counter::Counter,
        seen::{Met, Seen},
    },
};

/// What the version checks of one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls whose two ends fit.
    pub fitting: Counter,
    /// Calls whose peer said nothing of its release.
    pub unsaid: Counter,
    /// Calls that were refused, or whose answer was.
    pub refused: Counter,
    /// The versions of the other end, by peer. A client counts those that are said, a server also who says none.
    pub seen: Seen,
}

impl Counts {
    /// Counts a version of the other end, and tells of it when it is seen first.
    fn meet(&self, service: &Service, peer: Option<&Peer>, version: Option<&Version>) {
        let address = peer.and_then(|peer| peer.address);
        let address = address.map(|address| address.ip().to_canonical());
        if self.seen.meet(address, version) == Met::First {
            tell(service, address, version);
        }
    }
}

/// Apart from the path of calls, on which it is rare.
#[cold]
fn tell(service: &Service, peer: Option<IpAddr>, version: Option<&Version>) {
    let (own, peer) = (service.version, peer.map(tracing::field::display));
    let version = version.map(tracing::field::display);
    tracing::info!(
        service = service.name,
        own,
        version,
        peer,
        "met a version for the first time"
    );
}
