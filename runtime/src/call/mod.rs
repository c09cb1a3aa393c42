//! One currency for both ends, every policy and every carrier: a [`Call`] goes in, a [`Reply`] or a [`Status`](tonic::Status) comes out.
//!
//! What lives here is data and its rules: the call and its answer, what a method is, deadlines, releases, the framing of
//! messages and the names and codecs of the headers. Nothing here waits by itself, reads a clock or knows a socket.

mod ages;
mod announced;
mod attempt;
mod body;
mod codes;
mod deadline;
mod disabled;
pub(crate) mod encoding;
mod fell;
mod frames;
pub mod headers;
mod invoke;
mod mark;
mod message;
mod metadata;
mod method;
mod peer;
mod phase;
mod policies;
mod release;
mod replay;
mod room;
mod route;
mod spare;
pub mod status;
mod streaming;
pub mod timeout;
mod trace;
mod tried;

use std::{
    num::NonZeroU64,
    sync::Arc,
    time::{Duration, Instant},
};

use http::Extensions;

pub use ages::{Ages, FieldAge, Inside, MethodAge};
pub use announced::{Announced, Range};
pub use attempt::{Attempt, Race};
pub use body::{Body, Trailers};
pub use codes::{CodeSet, code_name};
pub use deadline::{Deadline, Limit};
pub use disabled::Disabled;
pub use encoding::Encoding;
pub use fell::Fell;
pub(crate) use frames::may_be_a_cut;
pub use frames::{End, Frame, Frames, Source};
pub use invoke::{Erased, Invoke, Shared, share};
pub use mark::Mark;
pub use message::Message;
pub use metadata::Metadata;
pub use method::{Cache, ClientVersion, CrossMajor, Idempotency, Kind, Meeting, Method, Service};
pub use peer::Peer;
pub use phase::{During, Phase, during};
pub use policies::{
    AdaptiveAlgorithm, AdaptiveMode, AdaptivePolicy, BreakerAbandoned, BreakerMode, BreakerPolicy,
    BreakerScope, BulkheadPolicy, FaultPolicy, HedgingPolicy, Policies, RateLimitPolicy,
    RetryPolicy, Window,
};
pub use release::{Declared, Minimum, Release, ReleaseError, Said};
pub use replay::Replay;
pub use room::{CALL_ROOM, CHANNEL_ROOM, Room};
pub use route::{Choose, Refused, Route};
pub use spare::Spare;
pub use streaming::Streaming;
pub use trace::Trace;
pub use tried::Tried;

/// One RPC on its way, encoded but not yet on any wire.
#[derive(Debug)]
pub struct Call {
    /// What is called.
    pub method: &'static Method,
    /// How long the caller gives this one call, on top of what the method and the call being served allow.
    pub timeout: Option<Duration>,
    /// When this call, or this attempt of it, began. Set once by the outermost layer, so that the stack reads one clock.
    pub started: Option<Instant>,
    /// When everything about this call must be over.
    pub deadline: Deadline,
    /// Which attempt of the call this is.
    pub attempt: Attempt,
    /// What it has in common with calls that one endpoint is to get: a hash of what the contract names.
    pub key: Option<NonZeroU64>,
    /// What the caller says of the contract it was built from.
    pub announced: Announced,
    /// How its messages are to be compressed. `None` leaves it to the carrier's setting.
    pub encoding: Option<Encoding>,
    /// Whether it waits for a connection while there is none, in place of ending as UNAVAILABLE, as its caller or the
    /// method's policies say. `None` leaves it to the carrier.
    pub wait_for_ready: Option<bool>,
    /// Who calls, on the serving side, as far as the carrier knows.
    pub peer: Option<Arc<Peer>>,
    /// The trace that it belongs to. On the serving side, what the caller says.
    pub trace: Option<Arc<Trace>>,
    /// The user's metadata.
    pub metadata: Metadata,
    /// Its message or messages.
    pub body: Body,
    /// Whatever layers have to tell each other; never sent.
    pub extensions: Extensions,
}

impl Call {
    /// A call of `method` with nothing but a body.
    #[inline]
    pub fn new(method: &'static Method, body: Body) -> Self {
        Self {
            method,
            timeout: None,
            started: None,
            deadline: Deadline::NEVER,
            attempt: Attempt::default(),
            key: None,
            announced: Announced::Unsaid,
            encoding: None,
            wait_for_ready: None,
            peer: None,
            trace: None,
            metadata: Metadata::EMPTY,
            body,
            extensions: Extensions::new(),
        }
    }
}

/// The answer to a [`Call`].
#[derive(Debug)]
pub struct Reply {
    /// What the server says of the contract it was built from.
    pub announced: Announced,
    /// How its messages are to be compressed. `None` leaves it to the carrier's setting.
    pub encoding: Option<Encoding>,
    /// The initial metadata.
    pub metadata: Metadata,
    /// Its message or messages, and the trailing metadata.
    pub body: Body,
    /// Whatever layers have to tell each other; never sent.
    pub extensions: Extensions,
}

impl Reply {
    /// An answer with nothing but a body.
    #[inline]
    pub fn new(body: Body) -> Self {
        Self {
            announced: Announced::Unsaid,
            encoding: None,
            metadata: Metadata::EMPTY,
            body,
            extensions: Extensions::new(),
        }
    }
}
