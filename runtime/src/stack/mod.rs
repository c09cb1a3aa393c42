//! The order of the layers, and why: the one place that knows it.
//!
//! # The client's, outermost first
//!
//! 1. **fallback**: sees what everything below refused, an open breaker and a passed deadline among it.
//! 2. **deadline**: bounds everything below it: waiting, connecting, every attempt, the reply to its last trailer.
//! 3. **priority**: says how much the call matters that is being served, to the limits here and to the server.
//! 4. **rate limit**, **adaptive limit** and **bulkhead**: one call has one place, however often it is sent; inside the
//!    deadline, which bounds the wait for a place.
//! 5. **retry** and hedging: sends a failed call again. Each attempt passes everything below.
//! 6. **breaker**: sees every attempt; open, it ends the retries cheaply.
//! 7. **version**: says the client's release and checks the server's, inside the breaker because a release that does not fit
//!    is no sickness.
//! 8. **attempt**: gives up what is not answered in the time of one attempt, inside the breaker, to which that is a failure.
//! 9. **faults**, in programs that inject them: innermost, so that all of the above is exercised.
//! 10. the **carrier**.
//!
//! # The server's, outermost first
//!
//! 1. **deadline**: what arrives too late costs nothing more.
//! 2. **version**: by the head alone, before the body is read.
//! 3. **rate limit**, **adaptive limit**, **bulkhead**: the cheapest first, all before the body is read.
//! 4. **panics**: inside whatever counts, so that what was taken is given back.
//! 5. **faults**, in programs that inject them: inside the limits, which learn nothing from them.
//! 6. the **handler**, which reads the body.
//!
//! # Places for layers of a user's own
//!
//! A client has three: [`Call`](ClientPlace::Call) around everything, [`Attempt`](ClientPlace::Attempt) between retry and
//! breaker, [`Carrier`](ClientPlace::Carrier) at the very bottom. A server has two: [`Arrival`](ServerPlace::Arrival) after
//! the version check, [`Handler`](ServerPlace::Handler) next to the handler.
//!
//! Where several releases of a service are served, all of this stands around each, and the choice between them before.

mod client;
mod limits;
mod mount;
mod seat;
mod server;
mod settings;
mod versioned;

#[cfg(feature = "faults")]
pub use crate::layer::fault::Rules as FaultRules;

pub use self::{
    client::{Client, Counts},
    limits::{LimitCounts, Limited, SharedLimits},
    mount::{Mount, Mounted},
    server::{ServerCounts, ServerLayers, server},
    settings::{ClientPlace, ClientSettings, ServerPlace, ServerSettings},
    versioned::{Nothing, Versioned, VersionedError},
};
