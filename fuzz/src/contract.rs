//! A contract, written by hand as the generator would.

use couplet::call::{Cache, Idempotency, Kind, Meeting, Method, Policies, Service};

/// What is called.
pub(crate) static SERVICE: Service = Service {
    name: "fuzz.Peer",
    version: "1.4.2",
    accepts: "",
    wire_since: "",
    schema: "",
    meeting: Meeting::DEFAULT,
    ages: None,
    methods: &METHODS,
    descriptor: &[],
    cache: Cache::new(),
};

static METHODS: [Method; 2] = [
    method(0, "/fuzz.Peer/One", Kind::Unary),
    method(1, "/fuzz.Peer/Many", Kind::BidiStreaming),
];

const fn method(index: usize, path: &'static str, kind: Kind) -> Method {
    Method {
        service: &SERVICE,
        name: "Method",
        since: "",
        path,
        index,
        kind,
        idempotency: Idempotency::Unknown,
        policies: Policies::UNSET,
    }
}
