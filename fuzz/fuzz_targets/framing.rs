//! What comes over the wire at both ends of a call: it means the same wherever it is cut, and always ends with a status.
#![no_main]

use couplet::{
    Code,
    call::headers::{STATUS, TIMEOUT},
};
use couplet_fuzz::{Exchange, Heard, ask, serve};
use http::{HeaderMap, StatusCode};
use libfuzzer_sys::fuzz_target;

/// One message each way, and many.
const METHODS: [usize; 2] = [0, 1];

fuzz_target!(|input: &[u8]| {
    let exchange = Exchange::of(input);
    for method in METHODS {
        at_the_server(method, &exchange);
        at_the_client(method, &exchange);
    }
});

fn at_the_server(method: usize, exchange: &Exchange) {
    let answered = serve(method, &exchange.head, exchange.cut());
    let refused = answered.http == StatusCode::UNSUPPORTED_MEDIA_TYPE;
    assert!(refused || answered.http == StatusCode::OK, "{answered:?}");
    assert!(refused || answered.code.is_some(), "{answered:?}");
    let failed = answered.heard.as_ref().map(|heard| heard.failed.is_some());
    assert!(
        failed == Some(false) || answered.code != Some(Code::Ok),
        "{answered:?}"
    );
    // Where the time may be over between two pieces, the pieces count.
    if !exchange.head.contains_key(TIMEOUT) {
        assert_eq!(answered, serve(method, &exchange.head, exchange.whole()));
    }
}

fn at_the_client(method: usize, exchange: &Exchange) {
    let (head, http) = (&exchange.head, StatusCode::OK);
    let heard = ask(method, http, head, exchange.cut());
    let is_ok = |map: &HeaderMap| map.get(STATUS).is_some_and(|code| code == "0");
    let said = is_ok(head) || exchange.trailers.as_ref().is_some_and(is_ok);
    assert!(said || heard.failed.is_some(), "nobody said OK: {heard:?}");
    has_a_reason(&heard);
    assert_eq!(heard, ask(method, http, head, exchange.whole()));
}

fn has_a_reason(heard: &Heard) {
    if let Some((code, _)) = &heard.failed {
        assert_ne!(*code, Code::Ok);
    }
}
