//! A service of one unary method, written out, for what is measured without a server.

use std::time::Duration;

use couplet::call::{
    Ages, Body, BreakerPolicy, Cache, Call, Idempotency, Kind, Meeting, Message, Method, Policies,
    RetryPolicy, Service,
};

/// Its method has a timeout, retry and a breaker.
pub static ECHO: Service = service(&METHODS, None);
static METHODS: [Method; 1] = [method(&ECHO)];

/// A call of it.
pub fn call(message: Message) -> Call {
    Call::new(&METHODS[0], Body::One(message, None))
}

/// A service of these methods.
pub const fn service(methods: &'static [Method], ages: Option<&'static Ages>) -> Service {
    Service {
        name: "bench.Echo",
        version: "1.4.2",
        accepts: "",
        wire_since: "",
        schema: "",
        meeting: Meeting::DEFAULT,
        ages,
        methods,
        descriptor: &[],
        cache: Cache::new(),
    }
}

/// Its method.
pub const fn method(service: &'static Service) -> Method {
    Method {
        service,
        name: "Unary",
        since: "",
        path: "/bench.Echo/Unary",
        index: 0,
        kind: Kind::Unary,
        idempotency: Idempotency::NoSideEffects,
        policies: Policies {
            timeout: Some(Duration::from_secs(1)),
            retry: Some(RetryPolicy::UNSET),
            breaker: Some(BreakerPolicy::UNSET),
            ..Policies::UNSET
        },
    }
}
