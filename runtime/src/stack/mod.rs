//! The order of the layers, and why: the one place that knows it.
//!
//! # The client's, outermost first
//!
//! 1. **telemetry**: shows the call as its caller sees it; around a user's own layers, which are a part of it.
//! 2. **fallback**: sees what everything below refused, an open breaker and a passed deadline among it.
//! 3. **deadline**: bounds everything below it: waiting, connecting, every attempt, the reply to its last trailer.
//! 4. **priority**: says how much the call matters that is being served, to the limits here and to the server.
//! 5. **rate limit**, **adaptive limit** and **bulkhead**: one call has one place, however often it is sent; inside the
//!    deadline, which bounds the wait for a place.
//! 6. **retry** and hedging: sends a failed call again. Each attempt passes everything below.
//! 7. **telemetry** of the attempt, which tells the peer the trace that it is in.
//! 8. **breaker**: sees every attempt; open, it ends the retries cheaply.
//! 9. **version**: says the client's release and checks the server's, inside the breaker because a release that does not fit
//!    is no sickness.
//! 10. **attempt**: gives up what is not answered in the time of one attempt, inside the breaker, to which that is a failure.
//! 11. **faults**, in programs that inject them: innermost, so that all of the above is exercised.
//! 12. the **carrier**.
//!
//! # The server's, outermost first
//!
//! 1. **telemetry**: shows whatever becomes of the call.
//! 2. **deadline**: what arrives too late costs nothing more.
//! 3. **version**: by the head alone, before the body is read.
//! 4. **rate limit**, **adaptive limit**, **bulkhead**: the cheapest first, all before the body is read.
//! 5. **panics**: inside whatever counts, so that what was taken is given back.
//! 6. **faults**, in programs that inject them: inside the limits, which learn nothing from them.
//! 7. the **handler**, which reads the body.
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
#[cfg(feature = "metrics")]
mod report;
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
