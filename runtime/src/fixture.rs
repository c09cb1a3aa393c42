//! A contract and peers for the tests of this crate, written by hand as the generator would.

use std::{future::Future, time::Duration};

use tonic::Status;

use crate::{
    call::{
        Ages, Body, Cache, Call, ClientVersion, FieldAge, Idempotency, Inside, Invoke, Kind,
        Meeting, Message, Method, MethodAge, Policies, Reply, Service,
    },
    codegen::Contract,
};

macro_rules! contract {
    ($service:ident, $methods:ident, $version:literal, $accepts:literal) => {
        contract!(
            $service,
            $methods,
            $version,
            $accepts,
            None,
            Meeting::DEFAULT
        );
    };
    ($service:ident, $methods:ident, $version:literal, $accepts:literal, $ages:expr, $meeting:expr) => {
        /// One release of the contract.
        pub(crate) static $service: Service = Service {
            name: "test.Echo",
            version: $version,
            accepts: $accepts,
            wire_since: "",
            schema: "",
            meeting: $meeting,
            ages: $ages,
            methods: &$methods,
            descriptor: &[],
            cache: Cache::new(),
        };
        static $methods: [Method; 2] = [
            Method {
                service: &$service,
                name: "Say",
                since: "",
                path: "/test.Echo/Say",
                index: 0,
                kind: Kind::Unary,
                idempotency: Idempotency::NoSideEffects,
                policies: Policies {
                    timeout: Some(Duration::from_secs(2)),
                    ..Policies::UNSET
                },
            },
            Method {
                service: &$service,
                name: "Repeat",
                since: "1.3.0",
                path: "/test.Echo/Repeat",
                index: 1,
                kind: Kind::ServerStreaming,
                idempotency: Idempotency::Unknown,
                policies: Policies::UNSET,
            },
        ];
    };
}

contract!(ECHO, ECHO_METHODS, "1.4.2", "");
contract!(ECHO_2, ECHO_2_METHODS, "2.0.0", "");
contract!(
    NEWER,
    NEWER_METHODS,
    "1.6.0",
    "",
    Some(&AGES),
    Meeting::DEFAULT
);
contract!(
    STRICT,
    STRICT_METHODS,
    "1.4.2",
    "",
    None,
    Meeting {
        client_version: ClientVersion::Required,
        ..Meeting::DEFAULT
    }
);
contract!(UNVERSIONED, UNVERSIONED_METHODS, "0.0.0", "");

/// What is said came in 1.5.0, and so did nothing else.
static AGES: Ages = Ages {
    releases: &["1.2.0", "1.5.0"],
    methods: &[
        MethodAge {
            since: 0,
            newest: 1,
            request: 0,
        },
        MethodAge {
            since: 0,
            newest: 0,
            request: 0,
        },
    ],
    messages: &[&[FieldAge {
        number: 1,
        since: 1,
        inside: Inside::Nothing,
    }]],
    enums: &[],
};

/// A unary call of the contract's first method.
pub(crate) fn say(service: &'static Service, text: &str) -> Call {
    let message = Message::encode(&text.to_owned()).expect("a short text");
    Call::new(&service.methods[0], Body::One(message, None))
}

/// A service, or whatever stands in a stack, made of a closure.
pub(crate) struct Handler<H>(pub(crate) H);

impl<H, F> Invoke for Handler<H>
where
    H: Fn(Call) -> F + Send + Sync,
    F: Future<Output = Result<Reply, Status>> + Send,
{
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        (self.0)(call).await
    }
}

impl<H, F> Contract for Handler<H>
where
    H: Fn(Call) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Reply, Status>> + Send,
{
    const SERVICE: &'static Service = &ECHO;
}

/// Answers a call with its own body.
pub(crate) async fn echo(call: Call) -> Result<Reply, Status> {
    Ok(Reply::new(call.body))
}
